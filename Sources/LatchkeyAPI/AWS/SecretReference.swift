package import LatchkeyAWS
package import LatchkeyBroker
internal import LatchkeyCore

/// One secret as a caller names it.
package struct SecretReference: Hashable, Sendable {
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
