package import LatchkeyCore

/// How long the answer to a wrong credential is delayed, so that guessing is slow. Pure.
///
/// Failures are counted for each peer, and for each caller id that a request claims. Only failures are looked up here, so
/// a valid credential is never delayed, however many wrong ones come from its address or claim its id.
///
/// The memory is bounded. Beyond ``maxPeers`` peers, or as many claimed ids, the one that failed longest ago is
/// forgotten.
///
/// `Peer` is where requests come from, such as an address.
package struct FailureDelays<Peer: Hashable> {
    /// Failures within ``window`` that are answered at once.
    package static var undelayedFailures: Int { 9 }
    package static var window: Duration { .seconds(60) }
    /// The delay of the first failure after ``undelayedFailures``. It doubles with each further one.
    package static var minDelay: Duration { .milliseconds(100) }
    package static var maxDelay: Duration { .seconds(2) }
    /// Peers that are remembered, and claimed ids besides.
    package static var maxPeers: Int { 10_000 }

    private var peers = LeastRecentlyUsed<Peer, RecentFailures>(maxCount: maxPeers)
    /// By a hash, because an id may be long. The hash depends on a random seed of the process.
    private var claims = LeastRecentlyUsed<Int, RecentFailures>(maxCount: maxPeers)
    private let backoff = Backoff(base: minDelay, cap: maxDelay, jitter: .none)

    package init() {}

    /// Peers that are remembered.
    package var peerCount: Int { peers.count }
    /// Claimed ids that are remembered.
    package var claimCount: Int { claims.count }

    /// Counts a request with a wrong credential.
    ///
    /// - Parameter id: the caller id that the request claims, whether a caller has it or not; nil if it claims none.
    /// - Returns: how long its answer is delayed; zero for not at all.
    package mutating func failed(from peer: Peer, claiming id: String? = nil, now: MonotonicTime) -> Duration {
        let ofPeer = delay(after: Self.count(peer, in: &peers, now))
        guard let id else { return ofPeer }
        return max(ofPeer, delay(after: Self.count(Self.hash(id), in: &claims, now)))
    }

    private func delay(after failures: Int) -> Duration {
        failures > Self.undelayedFailures
            ? backoff.delay(afterFailures: failures - Self.undelayedFailures, random: 0) : .zero
    }

    /// Counts a failure of `key` and returns how many there were within ``window``.
    private static func count<Key>(
        _ key: Key, in table: inout LeastRecentlyUsed<Key, RecentFailures>, _ now: MonotonicTime
    ) -> Int {
        var failures = table.value(for: key) ?? RecentFailures()
        failures.add(now)
        table.insert(failures, for: key)
        return failures.count(since: now + (.zero - window))
    }

    private static func hash(_ id: String) -> Int {
        var hasher = Hasher()
        for byte in id.utf8 { hasher.combine(byte) }
        return hasher.finalize()
    }
}
