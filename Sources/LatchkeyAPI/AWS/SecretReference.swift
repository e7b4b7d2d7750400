package import LatchkeyAWS
package import LatchkeyBroker
internal import LatchkeyCore

/// A secret as the caller names it.
package struct SecretReference: Hashable, Sendable {
    /// The caller's own text: a name or an ARN.
    package let text: String
    /// The name as given. `version` is the version id, `label` the stage.
    package let query: SecretQuery
    /// The name without its last seven characters, if they look like the random suffix of an ARN; else nil.
    package let shortQuery: SecretQuery?
    /// Nil for a plain name.
    package let arn: AmazonResourceName?
    /// Which of the two names the caller may have.
    private(set) var allowsName = true
    private(set) var allowsShortName = true

    /// The queries to try in this order until an answer is accepted.
    ///
    /// Secrets Manager returns the secret's own ARN, so the short name, which is more likely, is tried first. A
    /// parameter has no random suffix, so the full name is tried first.
    ///
    /// - Parameter store: the store that a secret is read from; nil while the backend is unknown.
    func queries(_ store: (SecretKey) -> SecretStore?) -> [SecretQuery] {
        guard let shortQuery, allowsShortName else { return [query] }
        if !allowsName { return [shortQuery] }
        return store(shortQuery.key) == .secretsManager ? [shortQuery, query] : [query, shortQuery]
    }

    /// Whether the caller may have the secret, by one of its two names at least.
    func decision(_ access: CallerAccess) -> AccessDecision {
        let decision = access.decision(.secret(query.key.name))
        guard decision != .allowed, let shortQuery else { return decision }
        return access.decision(.secret(shortQuery.key.name))
    }

    /// The reference with the names alone that the caller may have.
    func restricted(to access: CallerAccess) -> SecretReference {
        var own = self
        own.allowsName = access.decision(.secret(query.key.name)).isAllowed
        own.allowsShortName = shortQuery.map { access.decision(.secret($0.key.name)).isAllowed } ?? true
        return own
    }

    package init(text: String, query: SecretQuery, shortQuery: SecretQuery?, arn: AmazonResourceName?) {
        self.text = text
        self.query = query
        self.shortQuery = shortQuery
        self.arn = arn
    }

    /// Whether `item` is the requested secret, and not one of another account or with another random suffix. The suffix
    /// of a secret that has moved to Parameter Store is unknown, so it is not compared.
    func accepts(_ item: SecretItem) -> Bool {
        guard item.isParameter else { return accepts(arn: item.arn, name: item.name) }
        return arn == nil || arn?.account == AmazonResourceName(item.arn)?.account
    }

    /// ``accepts(_:)`` for the ARN and name that Secrets Manager returned.
    func accepts(arn text: String, name: String) -> Bool {
        guard let arn else { return true }
        guard let found = AmazonResourceName(text), found.account == arn.account else { return false }
        return arn.resource == found.resource || arn.resource.hasSameBytes(as: "secret:\(name)")
    }

    /// `name` without a hyphen and six letters or digits at its end, as every ARN of Secrets Manager has them; nil if
    /// it has no such suffix.
    static func withoutSuffix(_ name: Substring) -> Substring? {
        let tail = name.utf8.suffix(7)
        guard tail.count == 7, tail.first == UInt8(ascii: "-"), tail.dropFirst().allSatisfy(ASCII.isLetterOrDigit)
        else {
            return nil
        }
        return Substring(name.utf8.dropLast(7))
    }
}

extension SecretReference {
    /// Treats a secret that does not match the ARN as missing.
    func checked(_ result: Result<SecretItem, UpstreamFault>) -> Result<SecretItem, UpstreamFault> {
        guard case .success(let item) = result, !accepts(item) else { return result }
        return .failure(UpstreamFault(.notFound))
    }
}
