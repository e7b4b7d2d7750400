internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyLog
internal import LatchkeyMetrics
internal import Logging
internal import Synchronization

/// Compares the values of Secrets Manager with Parameter Store in the background (backend `shadow`).
///
/// Each value is compared once when it is read, by keyed digests. The results are counted, and a difference is logged
/// with the name of the secret.
final class ShadowComparison: Sendable {
    /// The maximum number of concurrent comparisons. Beyond it, values are not compared; they will be read again.
    static let maxConcurrent = 64

    private enum Verdict {
        case match
        case mismatch(why: String)
        case error(UpstreamFault)
    }

    private let other: SecretSource?
    private let timeout: Duration
    private let telemetry: TierTelemetry
    /// Each process has its own key, so the digests are useless outside it.
    private let key = Secret(Random.bytes(32))
    private let state: Mutex<State>
    private let interval: Duration

    /// The last comparison of a name.
    private struct Last {
        var digest: Digest
        var at: MonotonicTime
        /// A difference is logged when it appears and when it disappears.
        var differs = false
    }

    private struct State {
        var concurrent = 0
        var last: LeastRecentlyUsed<String, Last>
    }

    /// - Parameters:
    ///   - other: Parameter Store; without it nothing is compared.
    ///   - timeout: the timeout of a read.
    ///   - interval: an unchanged value is compared once in this time.
    ///   - maxNames: the number of names whose last comparison is remembered.
    init(other: SecretSource?, timeout: Duration, interval: Duration, maxNames: Int, telemetry: TierTelemetry) {
        self.other = other
        self.timeout = timeout
        self.interval = interval
        self.telemetry = telemetry
        state = Mutex(State(last: LeastRecentlyUsed(maxCount: maxNames)))
    }

    /// Starts a comparison in the background.
    ///
    /// - Parameter name: the name of the secret in Secrets Manager.
    func compare(_ key: SecretKey, _ value: Secret, _ name: String) {
        guard let other else { return }
        let digest = digest(value)
        let now = telemetry.time.now().monotonic
        let starts = state.withLock { state in
            if let last = state.last[peek: name], last.digest == digest, now < last.at + interval { return false }
            guard state.concurrent < Self.maxConcurrent else { return false }
            state.concurrent += 1
            let differed = state.last[peek: name]?.differs ?? false
            state.last.insert(Last(digest: digest, at: now, differs: differed), for: name)
            return true
        }
        guard starts else { return }
        Task {
            report(await verdict(key, digest, other), name)
            state.withLock { $0.concurrent -= 1 }
        }
    }

    private func verdict(_ key: SecretKey, _ digest: Digest, _ other: SecretSource) async -> Verdict {
        let query = SecretQuery(key, store: other.store)
        let deadline = telemetry.time.now().monotonic + timeout
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

    private func report(_ verdict: Verdict, _ name: String) {
        switch verdict {
        case .match:
            telemetry.metrics.shadowComparison(.match)
            if remember(name, differs: false) {
                telemetry.log.notice(.storesAgree, "the stores agree again", metadata: ["secret": "\(name)"])
            }
        case .mismatch(let why):
            telemetry.metrics.shadowComparison(.mismatch)
            let isFirst = remember(name, differs: true)
            telemetry.log.log(
                level: isFirst ? .warning : .debug, .storesDiffer, "the stores differ",
                metadata: ["secret": "\(name)", "why": "\(why)"])
        case .error(let fault):
            telemetry.metrics.shadowComparison(.error)
            telemetry.log.debug(
                .comparisonFailed,
                "a shadow comparison failed", metadata: ["secret": "\(name)", "code": "\(fault.summary)"])
        }
    }

    /// - Returns: whether the result differs from the last one.
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
