package import LatchkeyCore
package import Logging
internal import Synchronization

/// The credentials in force: the first source that has some, renewed before they end and when AWS refuses them.
///
/// One load at a time, whoever asks. While a set lives it is handed out, and its successor loaded behind; a load that
/// fails is logged, and tried again after a pause.
package final class CredentialChain: Sendable {
    private struct Waiter {
        let continuation: CheckedContinuation<Result<HeldCredentials.Held, AWSError>?, Never>
        /// Ends the wait; nil where nothing but the load does.
        let timer: Task<Void, Never>?
    }

    private struct State {
        var held = HeldCredentials()
        var waiters: [Int: Waiter] = [:]
        var nextWaiter = 0
        var report = CredentialReport()
    }

    private let providers: @Sendable () -> [CredentialProvider]
    private let time: TimeSource
    private let log: Logger
    private let sleep: @Sendable (MonotonicTime) async -> Void
    private let chance: @Sendable () -> Double
    private let state = Mutex(State())

    /// - Parameters:
    ///   - providers: in the order they are asked; made anew for each walk, so that each sees files as they are then.
    ///   - sleep: waits until a point in time, or until the task is cancelled.
    ///   - chance: a random number in 0..<1.
    package init(
        _ providers: @autoclosure @escaping @Sendable () -> [CredentialProvider], time: TimeSource, log: Logger,
        sleep: @escaping @Sendable (MonotonicTime) async -> Void = TokenIssuer.sleep,
        chance: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }
    ) {
        self.providers = providers
        self.time = time
        self.log = log
        self.sleep = sleep
        self.chance = chance
    }

    /// Which source answered when the chain was last walked along, and why the others did not; without entries before
    /// the first walk.
    package var report: CredentialReport { state.withLock { $0.report } }

    /// The credentials, with a number that names this set.
    ///
    /// - Parameters:
    ///   - rejected: the number of a set AWS has just refused: another is looked for, once for however many callers
    ///     met the refusal.
    ///   - deadline: the longest the caller waits where there is no set to go on with.
    package func credentials(
        rejecting rejected: Int? = nil, deadline: MonotonicTime = .distantFuture
    ) async throws(AWSError) -> (credentials: AWSCredentials, generation: Int) {
        let now = time.now().monotonic
        let held: HeldCredentials.Held
        switch state.withLock({ $0.held.step(rejecting: rejected, now) }) {
        case .use(let found): held = found
        case .useAndLoad(let found):
            begin()
            held = found
        case .wait(let begins, let until, let fallback):
            let result = await wait(begins: begins, until: min(until ?? deadline, deadline))
            if let fallback {
                held = (try? result?.get()) ?? fallback
            } else {
                guard let result else { throw AWSError(.timedOut, hint: "the credentials' source is slow") }
                held = try result.get()
            }
        case .fail(let error): throw error
        }
        return (held.credentials, held.generation)
    }

    // MARK: Waiting

    /// The outcome of the load under way; nil when `until` comes first.
    private func wait(begins: Bool, until: MonotonicTime) async -> Result<HeldCredentials.Held, AWSError>? {
        await withCheckedContinuation { continuation in
            let over = state.withLock { state -> Result<HeldCredentials.Held, AWSError>? in
                guard state.held.loadingSince != nil else {
                    // Over already, between the look and this.
                    return state.held.lastLoad ?? .failure(.credentials("no AWS credentials"))
                }
                let id = state.nextWaiter
                state.nextWaiter += 1
                let timer = until == .distantFuture ? nil : Task { await self.giveUp(id, at: until) }
                state.waiters[id] = Waiter(continuation: continuation, timer: timer)
                return nil
            }
            if let over { continuation.resume(returning: over) }
            if begins { begin() }
        }
    }

    private func giveUp(_ id: Int, at time: MonotonicTime) async {
        await sleep(time)
        state.withLock { $0.waiters.removeValue(forKey: id) }?.continuation.resume(returning: nil)
    }

    // MARK: Loading

    private func begin() {
        Task { await self.load() }
    }

    private func load() async {
        let (result, report) = await walk()
        let now = time.now()
        let chance = chance()
        let (outcome, waiters, pause) = state.withLock { state in
            state.report = report
            let outcome: Result<HeldCredentials.Held, AWSError>
            var pause: Duration?
            switch result {
            case .success(let credentials):
                outcome = .success(state.held.loaded(credentials, now, chance: chance))
            case .failure(let error):
                let failure = state.held.failed(error, now.monotonic, chance: chance)
                outcome = .failure(failure.error)
                pause = failure.pause
            }
            defer { state.waiters = [:] }
            return (outcome, Array(state.waiters.values), pause)
        }
        tell(report, pause: pause)
        for waiter in waiters {
            waiter.timer?.cancel()
            waiter.continuation.resume(returning: outcome)
        }
    }

    /// Asks one source after the other, up to the first that has credentials or fails to have them.
    private func walk() async -> (Result<AWSCredentials, AWSError>, CredentialReport) {
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
                    if let end = found.expiration, end <= time.now().wall {
                        throw .credentials("the credentials it has have ended")
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
        return (result ?? .failure(Self.none), report)
    }

    private static let none = AWSError(
        .noCredentials,
        hint: "no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give the "
            + "machine or container a role")

    /// A source's failure as callers are told it: whatever it was, what is missing is credentials.
    private static func failure(_ error: AWSError, of source: CredentialSource) -> AWSError {
        var failure = AWSError.credentials("\(source.rawValue): \(error.hint ?? "\(error.kind)")", code: error.code)
        failure.requestID = error.requestID
        failure.transport = error.transport
        // Zero stands for: after the pause, whose length is known later.
        if error.kind != .noCredentials { failure.retryAfter = .zero }
        return failure
    }

    private func tell(_ report: CredentialReport, pause: Duration?) {
        let source = report.answered?.rawValue
        log.debug(
            "walked along the chain of credentials",
            metadata: ["answered": "\(source ?? "none")", "others": "\(report.inVain)"])
        guard let pause else { return }
        let left = state.withLock { $0.held.held?.life.end }.map { $0 - time.now().monotonic }
        log.warning(
            left.map { $0 > .zero } ?? false
                ? "AWS credentials could not be renewed; those in force go on" : "there are no AWS credentials",
            metadata: [
                "code": "\(FaultCode.noCredentials.rawValue)", "why": "\(report.inVain)",
                "pause_s": "\(pause.inSeconds)",
                "remaining_s": "\(max(0, left?.inSeconds ?? 0))",
            ])
    }
}
