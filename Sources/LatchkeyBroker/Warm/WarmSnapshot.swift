package import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMetrics

/// What the warm file holds: everything that a broker may serve while its upstreams fail. Pure.
package struct WarmSnapshot: Sendable {
    /// The most bytes of a snapshot's text. Secrets that were used longest ago are left out beyond it.
    package static let maxBytes = 16 << 20

    /// When it was made.
    package let written: WallTime
    /// Where secrets are read from; nil while that is not known.
    package let routing: SecretRouting?
    /// Most recently used first.
    package let secrets: [WarmSecret]
    /// The stores that are known to have no blob, and until when that may be relied on.
    package let withoutBlob: [SecretStore: WallTime]
    package let tokens: [WarmToken]

    package init(
        written: WallTime, routing: SecretRouting?, secrets: [WarmSecret], withoutBlob: [SecretStore: WallTime],
        tokens: [WarmToken]
    ) {
        self.written = written
        self.routing = routing
        self.secrets = secrets
        self.withoutBlob = withoutBlob
        self.tokens = tokens
    }

    private static let format: Int64 = 1

    // MARK: Writing

    /// The snapshot as JSON, for ``init(_:now:)`` alone.
    package func bytes() -> [UInt8] {
        var kept: [JSON] = []
        var size = 0
        for secret in secrets {
            let entry = secret.json
            // Base64 is a third longer than the value; names and numbers take less than 500 bytes.
            size += secret.fetched.value.count * 4 / 3 + secret.fetched.attributes.bytes().count + 500
            if size > Self.maxBytes { break }
            kept.append(entry)
        }
        return JSON.object([
            "format": .integer(Self.format), "written": .integer(written.milliseconds),
            "backend": routing.map { .string($0.backend.rawValue) } ?? .null,
            "kept": .array((routing?.kept ?? []).map { .string($0.name) }), "secrets": .array(kept),
            "without_blob": .object(
                JSONObject(withoutBlob.map { ($0.key.tier.label, .integer($0.value.milliseconds)) })),
            "tokens": .array(tokens.map(\.json)),
        ]).bytes()
    }

    // MARK: Reading

    /// Reads what ``bytes()`` has written; nil for any other text.
    ///
    /// - Parameter now: for the expiry of tokens on the monotonic clock.
    package init?(_ text: [UInt8], now: Now) {
        guard let root = try? JSONDocument(text, limits: .ownFile).root, root["format"]?.integer == Self.format,
            let written = root["written"]?.integer, let secrets = root["secrets"]?.elements,
            let tokens = root["tokens"]?.elements
        else { return nil }
        self.written = WallTime(milliseconds: written)
        let kept = root["kept"]?.elements?.compactMap { $0.string.flatMap { SecretKey($0) } } ?? []
        routing = root["backend"]?.string.flatMap { SecretBackend(rawValue: $0) }
            .map { SecretRouting(backend: $0, kept: Set(kept)) }
        self.secrets = secrets.compactMap { WarmSecret($0) }
        self.tokens = tokens.compactMap { WarmToken($0, now: now) }
        var withoutBlob: [SecretStore: WallTime] = [:]
        for store in SecretStore.allCases {
            guard let until = root["without_blob"]?[store.tier.label]?.integer else { continue }
            withoutBlob[store] = WallTime(milliseconds: until)
        }
        self.withoutBlob = withoutBlob
    }
}
