internal import LatchkeyAWS
package import LatchkeyBroker
internal import LatchkeyCore

/// One parameter as a caller names it: by name or ARN, perhaps with `:version` or `:label` behind it.
package struct ParameterReference: Hashable, Sendable {
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
