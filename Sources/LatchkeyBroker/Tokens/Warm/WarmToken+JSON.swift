package import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMetrics

extension WarmToken {
    package var json: JSON {
        let text = { (text: String?) -> JSON in text.map { .string($0) } ?? .null }
        return [
            "profile": .string(profile), "definition": text(definition),
            "token": token.map { .string(Base64.encode($0.value.reveal())) } ?? .null, "scope": text(token?.scope),
            "expiry": token.map { .integer($0.expiry.wall.milliseconds) } ?? .null,
            "lifetime_ms": token?.lifetime.map { .integer($0.clampedNanoseconds / 1_000_000) } ?? .null,
            "received": token.map { .integer($0.received.wall.milliseconds) } ?? .null,
            "source": text(token?.source.label), "rejected": .array(rejected.map { .string($0.hex) }),
        ]
    }

    /// Nil for a value that ``json`` has not made.
    ///
    /// - Parameter now: for the expiry on the monotonic clock.
    package init?(_ json: JSONValue, now: Now) {
        guard let profile = json["profile"]?.string else { return nil }
        let rejected = json["rejected"]?.elements?.compactMap { $0.string.flatMap { Digest(hex: $0) } } ?? []
        self.init(
            profile: profile, definition: json["definition"]?.string, token: Self.token(json, now: now),
            rejected: rejected)
    }

    private static func token(_ json: JSONValue, now: Now) -> AccessToken? {
        guard let bytes = json["token"]?.string.flatMap({ Base64.decode($0) }),
            AccessTokenLimits.isWellFormed(bytes), let expiry = json["expiry"]?.integer,
            let received = json["received"]?.integer, let label = json["source"]?.string,
            let source = Tier.allCases.first(where: { $0.label == label })
        else { return nil }
        let age = now.wall - WallTime(milliseconds: received)
        // A token from the future was received by a wrong clock.
        guard age >= .zero else { return nil }
        return AccessToken(
            value: Secret(bytes), scope: json["scope"]?.string,
            expiry: Expiry(at: WallTime(milliseconds: expiry), seenAt: now), useBy: Expiry(after: .zero, from: now),
            lifetime: json["lifetime_ms"]?.integer.map { .milliseconds($0) },
            received: Now(monotonic: now.monotonic + (.zero - age), wall: WallTime(milliseconds: received)),
            source: source)
    }
}
