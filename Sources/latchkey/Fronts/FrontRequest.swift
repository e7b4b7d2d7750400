package import LatchkeyAWS
package import LatchkeyBroker
internal import LatchkeyCore

/// One parameter as a caller names it: by name or ARN, perhaps with `:version` or `:label` behind it.
package struct ParameterAsk: Hashable, Sendable {
    /// As it was sent.
    package let text: String
    package let query: SecretQuery
    /// The account that an ARN named; nil for a plain name.
    package let account: String?

    /// Whether a parameter is the one that was asked for, and not one of the same name in another account.
    func accepts(_ item: ParameterItem) -> Bool {
        account == nil || account == AmazonResourceName(item.arn)?.account
    }

    /// The answer's `Selector`: what stood behind the name, its colon included.
    package var selector: String? { (query.version ?? query.label).map { ":\($0)" } }
}

/// One secret as a caller names it.
package struct SecretAsk: Hashable, Sendable {
    /// As it was sent: a name or an ARN.
    package let text: String
    /// The name as it stands; `version` is the version id, `label` the stage.
    package let query: SecretQuery
    /// The name without what may be the six random characters of an ARN; nil where nothing looks like them.
    package let shortQuery: SecretQuery?
    /// Nil for a plain name.
    package let arn: AmazonResourceName?

    /// What to ask for, in this order, until an answer is accepted.
    ///
    /// Secrets Manager tells a secret's own ARN, so that the short name, which is the likely one, can be asked for first.
    /// A parameter has no such characters: there a secret of just that name comes first.
    ///
    /// - Parameter store: which store a secret is read from; nil while that is not known.
    func queries(_ store: (SecretKey) -> SecretStore?) -> [SecretQuery] {
        guard let shortQuery else { return [query] }
        return store(shortQuery.key) == .secretsManager ? [shortQuery, query] : [query, shortQuery]
    }

    /// Whether a secret is the one that was asked for, and not one of another account or with other random characters.
    /// The random characters of a secret that has moved to Parameter Store are no longer known.
    func accepts(_ item: SecretItem) -> Bool {
        guard item.isParameter else { return accepts(arn: item.arn, name: item.name) }
        return arn == nil || arn?.account == AmazonResourceName(item.arn)?.account
    }

    /// ``accepts(_:)`` for what Secrets Manager says of a secret.
    func accepts(arn text: String, name: String) -> Bool {
        guard let arn else { return true }
        guard let found = AmazonResourceName(text), found.account == arn.account else { return false }
        return arn.resource == found.resource || arn.resource.hasSameBytes(as: "secret:\(name)")
    }

    /// A name without a hyphen and six letters or digits at its end, which end every ARN of Secrets Manager's; nil where
    /// it does not end so.
    static func withoutSuffix(_ name: Substring) -> Substring? {
        let tail = name.utf8.suffix(7)
        guard tail.count == 7, tail.first == UInt8(ascii: "-"), tail.dropFirst().allSatisfy(isLetterOrDigit) else {
            return nil
        }
        return Substring(name.utf8.dropLast(7))
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: false
        }
    }
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
    /// `elsewhere`: the ARNs among the names that are of another account, region or partition.
    case parameters([ParameterAsk], elsewhere: [String], isDecrypted: Bool)
    case path(PathAsk)
    case secret(SecretAsk)
    case secrets([SecretAsk])
    case description(SecretAsk)

    /// Names in one GetParameters, and parameters on one page (their API references).
    static let mostParameters = 10
    /// Ids in one BatchGetSecretValue (its API reference).
    static let mostSecrets = 20

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
            let (asks, elsewhere) = try reader.parameters()
            self = .parameters(asks, elsewhere: elsewhere, isDecrypted: try reader.input.flag("WithDecryption"))
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
