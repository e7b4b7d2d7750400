package import LatchkeyAWS
package import LatchkeyBroker
internal import LatchkeyCore

/// One parameter as a caller names it: by name or ARN, perhaps with `:version` or `:label` behind it.
package struct ParameterAsk: Hashable, Sendable {
    /// As it was sent.
    package let text: String
    package let query: SecretQuery

    /// The answer's `Selector`: what stood behind the name, its colon included.
    package var selector: String? { (query.version ?? query.label).map { ":\($0)" } }
}

/// One secret as a caller names it.
package struct SecretAsk: Hashable, Sendable {
    /// As it was sent: a name or an ARN.
    package let text: String
    /// `version` is the version id, `label` the stage.
    package let query: SecretQuery
}

/// One page of what lies below a path.
package struct PathAsk: Hashable, Sendable {
    /// Without a slash at the end.
    package let path: String
    package let isRecursive: Bool
    package let isDecrypted: Bool
    /// 1 to 10.
    package let size: Int
    /// Where the page before ended; nil for the first page.
    package let after: ListingPage.Mark?
}

/// A read of AWS's, taken from a request and found to be allowed.
package enum FrontRequest: Hashable, Sendable {
    case parameter(ParameterAsk, isDecrypted: Bool)
    case parameters([ParameterAsk], isDecrypted: Bool)
    case path(PathAsk)
    case secret(SecretAsk)
    case secrets([SecretAsk])
    case description(SecretAsk)

    /// Names in one GetParameters, and parameters on one page (their API references).
    static let mostParameters = 10
    /// Ids in one BatchGetSecretValue (its API reference).
    static let mostSecrets = 20
    /// Bytes of a version's id (GetSecretValue, `VersionId`).
    static let versionID = 32...SecretQuery.longestVersion

    /// - Throws: AWS's own error for a body that is not this operation's, `AccessDeniedException` for names that are
    ///   not the application's.
    package init(
        _ operation: FrontOperation, body: [UInt8], names: FrontNames, caller: String
    ) throws(AWSFault) {
        let reader = FrontReader(input: try AWSInput(body), operation: operation, names: names, caller: caller)
        switch operation {
        case .getParameter:
            self = .parameter(
                try reader.parameter(reader.input.required("Name")),
                isDecrypted: try reader.input.flag("WithDecryption"))
        case .getParameters:
            self = .parameters(try reader.parameters(), isDecrypted: try reader.input.flag("WithDecryption"))
        case .getParametersByPath: self = .path(try reader.path())
        case .getSecretValue: self = .secret(try reader.secret())
        case .batchGetSecretValue: self = .secrets(try reader.secrets())
        case .describeSecret: self = .description(try reader.secret(reader.input.required("SecretId")))
        }
    }

    package var operation: FrontOperation {
        switch self {
        case .parameter: .getParameter
        case .parameters: .getParameters
        case .path: .getParametersByPath
        case .secret: .getSecretValue
        case .secrets: .batchGetSecretValue
        case .description: .describeSecret
        }
    }
}
