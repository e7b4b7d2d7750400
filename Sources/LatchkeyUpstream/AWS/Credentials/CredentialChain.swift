package import LatchkeyCore
internal import LatchkeyLog
package import Logging
internal import Synchronization

/// The current AWS credentials: those of the first source that has any, refreshed before they expire and when AWS
/// rejects them.
///
/// There is one load at a time for all callers. While the current credentials are valid, callers get them and the load
/// runs in the background. A failed load is logged and repeated after a delay.
package final class CredentialChain: Sendable {
    private typealias LoadResult = Result<CredentialCache.Entry, AWSError>

    private struct Waiter {
        let continuation: CheckedContinuation<LoadResult?, Never>
        /// Ends the wait; nil if only the load ends it.
        let timer: Task<Void, Never>?
    }

    private struct State {
        var cache = CredentialCache()
        var waiters: [Int: Waiter] = [:]
        var nextWaiter = 0
        var report = CredentialReport()
    }

    private let providers: @Sendable () -> [CredentialProvider]
    private let time: Timing
    private let log: Logger
    private let state = Mutex(State())

    /// - Parameter providers: in the order in which they are asked. Evaluated for each search, so that each search
    ///   reads the files as they are then.
    package init(
        _ providers: @autoclosure @escaping @Sendable () -> [CredentialProvider], time: Timing, log: Logger
    ) {
        self.providers = providers
        self.time = time
        self.log = log
    }

    /// The outcome of the last search. Without entries before the first one.
    package var report: CredentialReport { state.withLock { $0.report } }

    /// When the current credentials expire; nil if there are none or they do not expire.
    package var expiry: WallTime? { state.withLock { $0.cache.current?.credentials.expiration } }

    /// The credentials, and the generation that identifies them.
    ///
    /// - Parameters:
    ///   - rejected: the generation that AWS has just rejected. Other credentials are loaded, once for all callers that
    ///     report the same rejection.
    ///   - deadline: when to stop waiting if there are no usable credentials.
    package func credentials(
        rejecting rejected: Int? = nil, deadline: MonotonicTime = .distantFuture
    ) async throws(AWSError) -> (credentials: AWSCredentials, generation: Int) {
        let now = time.now().monotonic
        let entry: CredentialCache.Entry
        switch state.withLock({ $0.cache.step(rejecting: rejected, now) }) {
        case .use(let current): entry = current
        case .useAndLoad(let current):
            startLoad()
            entry = current
        case .wait(let starts, let until, let fallback):
            let result = await wait(starts: starts, until: min(until ?? deadline, deadline))
            if let fallback {
                entry = (try? result?.get()) ?? fallback
            } else {
                guard let result else {
                    throw AWSError(.timedOut, hint: "the source of the credentials did not answer in time")
                }
                entry = try result.get()
            }
        case .fail(let error): throw error
        }
        return (entry.credentials, entry.generation)
    }

    // MARK: Waiting

    /// The outcome of the load in progress; nil if `until` comes first.
    private func wait(starts: Bool, until: MonotonicTime) async -> LoadResult? {
        await withCheckedContinuation { continuation in
            let finished = state.withLock { state -> LoadResult? in
                guard state.cache.loadingSince != nil else {
                    // The load ended between the caller's step and now.
                    return state.cache.lastLoad ?? .failure(CredentialCache.none)
                }
                let id = state.nextWaiter
                state.nextWaiter += 1
                let timer = until == .distantFuture ? nil : Task { await self.giveUp(id, at: until) }
                state.waiters[id] = Waiter(continuation: continuation, timer: timer)
                return nil
            }
            if let finished { continuation.resume(returning: finished) }
            if starts { startLoad() }
        }
    }

    private func giveUp(_ id: Int, at deadline: MonotonicTime) async {
        await time.sleep(deadline)
        state.withLock { $0.waiters.removeValue(forKey: id) }?.continuation.resume(returning: nil)
    }

    // MARK: Loading

    private func startLoad() {
        Task { await self.load() }
    }

    private func load() async {
        let (result, report) = await search()
        let now = time.now()
        let jitter = time.jitter()
        let (outcome, waiters, delay) = state.withLock { state in
            state.report = report
            let outcome: LoadResult
            var delay: Duration?
            switch result {
            case .success(let credentials):
                outcome = .success(state.cache.loaded(credentials, now, jitter: jitter))
            case .failure(let error):
                let failure = state.cache.failed(error, now.monotonic, jitter: jitter)
                outcome = .failure(failure.error)
                delay = failure.delay
            }
            defer { state.waiters = [:] }
            return (outcome, Array(state.waiters.values), delay)
        }
        logSearch(report, delay: delay)
        for waiter in waiters {
            waiter.timer?.cancel()
            waiter.continuation.resume(returning: outcome)
        }
    }

    /// Asks one source after the other, up to the first that has credentials or fails.
    private func search() async -> (Result<AWSCredentials, AWSError>, CredentialReport) {
        var report = CredentialReport()
        var result: Result<AWSCredentials, AWSError>?
        for provider in providers() {
            guard result == nil else {
                report.add(provider.source, .notAsked)
                continue
            }
            do throws(AWSError) {
                switch try await provider.load() {
                case .absent(let why): report.add(provider.source, .absent(why))
                case .found(let found):
                    if let expiration = found.expiration, expiration <= time.now().wall {
                        throw .noCredentials("its credentials have expired: refresh them at the source")
                    }
                    report.add(
                        provider.source, .answered(accessKeyID: found.accessKeyID, expiration: found.expiration))
                    result = .success(found)
                }
            } catch {
                report.add(provider.source, .failed(error.hint ?? error.code ?? "\(error.kind)"))
                result = .failure(Self.failure(error, of: provider.source))
            }
        }
        return (result ?? .failure(Self.notConfigured), report)
    }

    private static let notConfigured = AWSError.noCredentials(
        "no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give the machine or "
            + "container a role")

    /// The failure of a source as callers get it: the reason for their failed call is that there are no credentials.
    private static func failure(_ error: AWSError, of source: CredentialSource) -> AWSError {
        var failure = AWSError.noCredentials("\(source.rawValue): \(error.hint ?? "\(error.kind)")", code: error.code)
        failure.requestID = error.requestID
        failure.transport = error.transport
        // Marks the failure as transient. The delay, which is known later, replaces the zero.
        if error.kind != .noCredentials { failure.retryAfter = .zero }
        return failure
    }

    /// - Parameter delay: until the next load; nil if this one succeeded.
    private func logSearch(_ report: CredentialReport, delay: Duration?) {
        let source = report.answered?.rawValue
        log.debug(
            .credentialsSearched,
            "searched for AWS credentials",
            metadata: ["answered": "\(source ?? "none")", "others": "\(report.failureSummary)"])
        guard let delay else { return }
        let remaining = state.withLock { $0.cache.current?.life.expiration }.map { $0 - time.now().monotonic }
        let isCovered = remaining.map { $0 > .zero } ?? false
        log.warning(
            isCovered ? .credentialsNotRenewed : .credentialsMissing,
            isCovered
                ? "AWS credentials could not be renewed; using the current ones until they expire"
                : "there are no AWS credentials",
            metadata: [
                "code": "\(FaultCode.noCredentials.rawValue)", "why": "\(report.failureSummary)",
                "pause_s": "\(delay.inSeconds)",
                "remaining_s": "\(max(0, remaining?.inSeconds ?? 0))",
            ])
    }
}
