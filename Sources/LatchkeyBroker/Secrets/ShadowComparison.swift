internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMetrics
internal import Logging
internal import Synchronization

/// Holds what Secrets Manager gave against what Parameter Store has, behind the callers' backs: each value once each
/// time it is fetched, by keyed digests. Counted, and a difference logged by name.
final class ShadowComparison: Sendable {
    /// Comparisons under way at once; what comes while there are so many is not compared, for it will be fetched again.
    static let most = 64

    /// How two values stand to each other.
    private enum Verdict {
        case match
        case mismatch(why: String)
        case error(UpstreamFault)
    }

    private let other: SecretSource?
    private let timeout: Duration
    private let probe: TierTelemetry
    /// Made anew by each process: digests are of no use outside it.
    private let key = Secret(Random.bytes(32))
    private let state: Mutex<State>
    private let interval: Duration

    /// What is known of a name's last comparison.
    private struct Last {
        var digest: Digest
        var at: MonotonicTime
        /// A difference is logged when it comes and when it goes.
        var differs = false
    }

    private struct State {
        var underWay = 0
        var last: LeastRecentlyUsed<String, Last>
    }

    /// - Parameters:
    ///   - other: Parameter Store; nil compares nothing.
    ///   - timeout: the longest one read may take.
    ///   - interval: a value that has not changed is compared at most once in so long.
    ///   - maximumNames: names whose last comparison is remembered.
    init(other: SecretSource?, timeout: Duration, interval: Duration, maximumNames: Int, probe: TierTelemetry) {
        self.other = other
        self.timeout = timeout
        self.interval = interval
        self.probe = probe
        state = Mutex(State(last: LeastRecentlyUsed(maximumCount: maximumNames)))
    }

    /// Compares in a task of its own. `name` is the secret's in Secrets Manager.
    func compare(_ key: SecretKey, _ value: Secret, _ name: String) {
        guard let other else { return }
        let digest = digest(value)
        let now = probe.time.now().monotonic
        let may = state.withLock { state in
            if let last = state.last[peek: name], last.digest == digest, now < last.at + interval { return false }
            guard state.underWay < Self.most else { return false }
            state.underWay += 1
            let differed = state.last[peek: name]?.differs ?? false
            state.last.insert(Last(digest: digest, at: now, differs: differed), for: name)
            return true
        }
        guard may else { return }
        Task {
            note(await verdict(key, digest, other), name)
            state.withLock { $0.underWay -= 1 }
        }
    }

    private func verdict(_ key: SecretKey, _ digest: Digest, _ other: SecretSource) async -> Verdict {
        let query = SecretQuery(key, store: other.store)
        let deadline = probe.time.now().monotonic + timeout
        do throws(UpstreamFault) {
            let found = try await other.fetch(query, other.name(of: key), deadline)
            return self.digest(found.value) == digest ? .match : .mismatch(why: "the values differ")
        } catch  where error.reason == .notFound {
            return .mismatch(why: "Parameter Store has no such parameter")
        } catch {
            return .error(error)
        }
    }

    private func digest(_ value: Secret) -> Digest {
        value.withBytes { value in key.withBytes { HMACSHA256.authenticate(value, key: $0) } }
    }

    private func note(_ verdict: Verdict, _ name: String) {
        switch verdict {
        case .match:
            probe.metrics.shadowComparison(.match)
            if remember(name, differs: false) {
                probe.log.notice("the stores agree again", metadata: ["secret": "\(name)"])
            }
        case .mismatch(let why):
            probe.metrics.shadowComparison(.mismatch)
            let isFirst = remember(name, differs: true)
            probe.log.log(
                level: isFirst ? .warning : .debug, "the stores differ",
                metadata: ["secret": "\(name)", "why": "\(why)"])
        case .error(let fault):
            probe.metrics.shadowComparison(.error)
            probe.log.debug(
                "a shadow comparison failed", metadata: ["secret": "\(name)", "code": "\(fault.summary)"])
        }
    }

    /// - Returns: whether that is news.
    private func remember(_ name: String, differs: Bool) -> Bool {
        state.withLock { state in
            guard var last = state.last[peek: name] else { return differs }
            let isFirst = last.differs != differs
            last.differs = differs
            state.last.insert(last, for: name)
            return isFirst
        }
    }
}
