import LatchkeyBroker
import LatchkeyCore

/// A model of Parameter Store. The account has one quota for reads and one for writes. A write gets the next version at
/// once and becomes visible to reads after a lag.
struct StoreModel {
    struct Quota: Sendable {
        var readsPerSecond = 40
        var writesPerSecond = 3
    }

    enum Name: Int, CaseIterable, Sendable { case token, expires, lease }

    private struct Written {
        var version: Int64
        var value: String
        var at: MonotonicTime
        var seenFrom: MonotonicTime
    }

    private var parameters: [[Written]] = Name.allCases.map { _ in [] }
    private var reads: Pacer
    private var writes: Pacer
    /// The number of requests, and of those that were throttled.
    private(set) var readsSeen = 0
    private(set) var readsThrottled = 0
    private(set) var writesSeen = 0
    private(set) var writesThrottled = 0

    init(_ quota: Quota) {
        reads = Pacer(quota.readsPerSecond, each: .seconds(1))
        writes = Pacer(quota.writesPerSecond, each: .seconds(1))
    }

    /// Reads the three parameters in one GetParameters; nil if throttled.
    mutating func read(_ now: Now) -> SharedTokenSnapshot? {
        readsSeen += 1
        guard reads.reserve(now.monotonic, notLaterThan: now.monotonic) != nil else {
            readsThrottled += 1
            return nil
        }
        let token = seen(.token, now)
        let expires = seen(.expires, now)
        let lease = seen(.lease, now)
        var snapshot = SharedTokenSnapshot(
            version: token?.version ?? 0, lease: lease.flatMap { Lease($0.value) }, leaseVersion: lease?.version ?? 0)
        if let token {
            snapshot.pair = StoredToken(
                token: TokenText.secret(token.value), expires: expires?.value ?? "",
                tokenWritten: wall(token.at, now), expiresWritten: expires.map { wall($0.at, now) })
        }
        return snapshot
    }

    enum PutResult { case written(Int64), exists, throttled }

    mutating func put(
        _ name: Name, _ value: String, overwrite: Bool, lag: Duration, _ now: Now
    ) -> PutResult {
        writesSeen += 1
        guard writes.reserve(now.monotonic, notLaterThan: now.monotonic) != nil else {
            writesThrottled += 1
            return .throttled
        }
        let last = parameters[name.rawValue].last
        if last != nil, !overwrite { return .exists }
        let version = (last?.version ?? 0) + 1
        let written = Written(version: version, value: value, at: now.monotonic, seenFrom: now.monotonic + lag)
        parameters[name.rawValue].append(written)
        if parameters[name.rawValue].count > 8 { parameters[name.rawValue].removeFirst() }
        return .written(version)
    }

    /// The newest visible write.
    private func seen(_ name: Name, _ now: Now) -> Written? {
        parameters[name.rawValue].last { $0.seenFrom <= now.monotonic }
    }

    private func wall(_ time: MonotonicTime, _ now: Now) -> WallTime { now.wall + (time - now.monotonic) }
}
