import LatchkeyBroker
import LatchkeyCore

/// A model of the three parameters of a profile. A write gets the next version at once and becomes visible to reads
/// after a lag.
struct ParameterModel {
    private struct Written {
        var version: Int64
        var value: String
        var at: MonotonicTime
        var seenFrom: MonotonicTime
    }

    private var token: [Written] = []
    private var expires: [Written] = []
    private var lease: [Written] = []

    /// Reads the three parameters in one GetParameters.
    func read(_ now: Now) -> SharedTokenSnapshot {
        let token = Self.seen(token, now)
        let expires = Self.seen(expires, now)
        let lease = Self.seen(lease, now)
        var snapshot = SharedTokenSnapshot(
            version: token?.version ?? 0, lease: lease.flatMap { Lease($0.value) }, leaseVersion: lease?.version ?? 0)
        if let token {
            snapshot.pair = StoredToken(
                token: TokenText.secret(token.value), expires: expires?.value ?? "",
                tokenWritten: Self.wall(token.at, now), expiresWritten: expires.map { Self.wall($0.at, now) })
        }
        return snapshot
    }

    /// - Returns: false if another replica won the lease.
    mutating func write(_ request: StoreRequest, lag: Duration, _ now: Now) -> Bool {
        switch request {
        case .token(let text): Self.put(text, to: &token, lag, now)
        case .expires(let text): Self.put(text, to: &expires, lag, now)
        case .pair: return false
        case .lease(let claim):
            guard lease.isEmpty || claim.overwrites else { return false }
            Self.put(claim.lease.text, to: &lease, lag, now)
            return claim.isWon(version: lease.last?.version ?? 0)
        }
        return true
    }

    private static func put(_ value: String, to parameter: inout [Written], _ lag: Duration, _ now: Now) {
        let version = (parameter.last?.version ?? 0) + 1
        parameter.append(Written(version: version, value: value, at: now.monotonic, seenFrom: now.monotonic + lag))
        if parameter.count > 8 { parameter.removeFirst() }
    }

    /// The newest visible write.
    private static func seen(_ parameter: [Written], _ now: Now) -> Written? {
        parameter.last { $0.seenFrom <= now.monotonic }
    }

    private static func wall(_ time: MonotonicTime, _ now: Now) -> WallTime { now.wall + (time - now.monotonic) }
}
