import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Logging
import Synchronization

/// A token broker over scripted tiers and a clock that a test moves.
struct TokenFixture {
    let clock = ManualClock()
    let sleeper: ManualSleeper
    let shared = BrokerScript<StoredToken?>(.success(nil))
    let claims = BrokerScript<Bool>(.success(true))
    let issuer = BrokerScript<TokenResponse>()
    /// The purposes of the calls to the issuer, in order.
    let purposes = Inbox<IssuePurpose>()
    let writes = BrokerScript<Void>(.success(()))
    /// The pairs that were written, in order.
    let written = Inbox<StoredToken>()
    let metrics: Metrics
    let health = TierHealth()
    let log = LogInbox()
    let broker: TokenBroker
    let profile = ProfileID(0)

    /// - Parameters:
    ///   - slots: the number of profile slots; nil if profiles do not change.
    ///   - limit: the maximum token length of the shared tier.
    init(
        maximumWaiters: Int = 10_000, isShared: Bool = true, slots: Int? = nil, limit: SharedTokenLimit? = nil
    ) {
        sleeper = ManualSleeper(clock)
        metrics = Metrics(version: "test", profiles: ["default", "billing"], profileSlots: slots)
        let (shared, issuer, writes, written, claims) = (shared, issuer, writes, written, claims)
        let tier = SharedTier(tier: .parameterStore, limit: limit) { profile, _ throws(UpstreamFault) in
            let pair = try await shared.answer(profile)
            return SharedTokenSnapshot(pair: pair, version: pair == nil ? 0 : 1)
        } write: { profile, token, _ throws(UpstreamFault) in
            try await writes.answer(profile)
            written.put(token)
        } claim: { profile, lease, _, _ throws(UpstreamFault) in
            try await claims.answer(lease.text)
        }
        let purposes = purposes
        let issuing = IssuerTier(tier: .auth0) { profile, purpose, _ throws(UpstreamFault) in
            purposes.put(purpose)
            return try await issuer.answer(profile)
        }
        var configuration = TokenBroker.Configuration(buffer: .standard, upstreamTimeout: .seconds(5))
        configuration.maximumWaiters = maximumWaiters
        broker = TokenBroker(
            profiles: ["default", "billing"].map { TokenProfile(name: $0, issuer: issuing) }, slots: slots,
            shared: isShared ? tier : nil, configuration: configuration, time: sleeper.source,
            metrics: metrics, health: health, log: log.logger)
    }

    var now: Now { clock.now }
    var deadline: MonotonicTime { now.monotonic + .seconds(10) }

    func token(_ ask: TokenDemand = TokenDemand()) async throws(UpstreamFault) -> ServedToken {
        try await broker.token(profile, ask, deadline: deadline)
    }

    /// Reports the token as rejected by a resource server.
    @discardableResult
    func reject(_ token: Secret, by caller: String = "orders") -> Bool {
        broker.reject(profile, sha256: token.withBytes { SHA256.hash($0) }, by: caller)
    }

    func cached(minTTL: Duration? = nil) -> TokenEntry? { broker.cached(profile, now: now, minTTL: minTTL)?.entry }

    /// An unsigned JSON Web Token, issued now by the fixture's clock by default.
    func jwt(_ name: String = "a", lifetime: Duration = .seconds(3600), issued: WallTime? = nil) -> Secret {
        let issued = issued ?? now.wall
        let claims: JSON = [
            "sub": .string(name), "iat": .integer(issued.seconds), "exp": .integer((issued + lifetime).seconds),
        ]
        let parts = [Base64.encodeURL(#"{"alg":"none"}"#.utf8), Base64.encodeURL(claims.bytes()), "sig"]
        return Secret(parts.joined(separator: "."))
    }

    func grant(_ name: String = "a", lifetime: Duration = .seconds(3600)) -> TokenResponse {
        TokenResponse(value: jwt(name, lifetime: lifetime), tokenType: "Bearer", expiresIn: lifetime, scope: nil)
    }

    func opaque(_ text: String, expiresIn: Duration? = .seconds(3600)) -> TokenResponse {
        TokenResponse(value: Secret(text), tokenType: "Bearer", expiresIn: expiresIn, scope: "read")
    }

    /// The pair of a writer with a buffer of 300 s.
    func stored(_ token: Secret, expiresIn: Duration = .seconds(3300)) -> StoredToken {
        StoredToken(token: token, expires: String((now.wall + expiresIn).milliseconds))
    }

    /// One sample of the metrics; 0 if it does not exist.
    func metric(_ series: String) -> Int { metrics.sample(series) }
}

extension Metrics {
    /// One sample of the metrics; 0 if it does not exist.
    func sample(_ series: String) -> Int {
        var bytes: [UInt8] = []
        render(.prometheus004, into: &bytes)
        let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix(series + " ") }
        return line.flatMap { $0.split(separator: " ").last }.flatMap { Int($0) } ?? 0
    }
}

/// Collects log lines.
struct LogInbox: LogHandler {
    private let lines = Inbox<(level: Logger.Level, text: String)>()
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .trace

    var logger: Logger { Logger(label: "test") { _ in self } }

    /// The lines of a level with their metadata.
    func lines(_ level: Logger.Level) -> [String] { lines.values.filter { $0.level == level }.map(\.text) }

    /// Returns once that many lines match.
    func until(_ count: Int, _ matches: (String) -> Bool) async {
        while lines.values.filter({ matches($0.text) }).count < count { await Task.yield() }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { lines.put((event.level, "\(event.message) \(event.metadata ?? [:])")) }
}
