package import LatchkeyCore
package import LatchkeyCrypto
package import LatchkeyMetrics

/// One secret as its store gave it.
package struct FetchedSecret: Sendable {
    package var value: Secret
    /// Whether the store holds it as bytes and not as text; callers get it in base64.
    package var isBinary: Bool
    /// The store's name for this version: a number or an id.
    package var version: String

    package init(value: Secret, isBinary: Bool = false, version: String) {
        self.value = value
        self.isBinary = isBinary
        self.version = version
    }
}

/// A store of secrets. The closure is the composition root's; which store is in force is a setting.
package struct SecretSource: Sendable {
    package let tier: Tier
    /// The application's prefix, `/your-app/dev`.
    package let prefix: String
    /// The secret of that full name by the deadline; `notFound` where there is none.
    package let fetch:
        @Sendable (_ name: String, _ version: String?, _ label: String?, MonotonicTime) async throws(UpstreamFault)
            -> FetchedSecret

    package init(
        tier: Tier, prefix: String,
        fetch:
            @escaping @Sendable (String, String?, String?, MonotonicTime) async throws(UpstreamFault) ->
            FetchedSecret
    ) {
        self.tier = tier
        self.prefix = prefix
        self.fetch = fetch
    }

    /// A key's full name in this store. Secrets Manager's names begin without a slash, Parameter Store's with one.
    package func name(of key: SecretKey) -> String {
        let path = "\(prefix)/\(key.name)"
        return tier == .secretsManager && path.hasPrefix("/") ? String(path.dropFirst()) : path
    }
}
