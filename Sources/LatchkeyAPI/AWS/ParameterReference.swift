internal import LatchkeyAWS
package import LatchkeyBroker
internal import LatchkeyCore

/// A parameter as the caller names it: by name or ARN, optionally followed by `:version` or `:label`.
package struct ParameterReference: Hashable, Sendable {
    /// The caller's own text.
    package let text: String
    package let query: SecretQuery
    /// The account of the ARN; nil for a plain name.
    package let account: String?

    /// Whether `item` is the requested parameter, and not one of the same name in another account.
    func accepts(_ item: ParameterItem) -> Bool {
        account == nil || account == AmazonResourceName(item.arn)?.account
    }

    /// The response's `Selector`: the version or label with its colon.
    package var selector: String? { (query.version ?? query.label).map { ":\($0)" } }
}

extension ParameterReference {
    /// Treats a parameter of another account as missing.
    func checked(_ result: Result<ParameterItem, UpstreamFault>) -> Result<ParameterItem, UpstreamFault> {
        guard case .success(let item) = result, !accepts(item) else { return result }
        return .failure(UpstreamFault(.notFound))
    }
}
