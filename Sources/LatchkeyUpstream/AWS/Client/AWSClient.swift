internal import LatchkeyAWS
package import LatchkeyCore
internal import LatchkeyCrypto
package import LatchkeyHTTP
package import LatchkeyMetrics
internal import Synchronization

/// Calls AWS services in their JSON 1.1 protocol: signed, retried in standard mode, judged by error code.
package final class AWSClient: Sendable {
    /// What calls are made with.
    package struct Environment: Sendable {
        package var configuration: AWSConfiguration
        package var credentials: CredentialChain
        package var transport: HTTPTransport
        package var metrics: Metrics
        package var time: TimeSource
        /// AWS's clock, as far as it is known; shared with whoever else asks AWS.
        package var clock = ClockOffset()
        /// The longest one attempt may take (`LATCHKEY_UPSTREAM_TIMEOUT`).
        package var attemptTimeout: Duration
        /// Calls a second at the most, where a quota is shared with the whole account (`LATCHKEY_SSM_MAX_TPS`).
        package var callsPerSecond: [AWSQuota: Int] = [:]
        /// `name/version` for `User-Agent`, so that CloudTrail can tell this program from others.
        package var userAgent: String
        /// Waits until a point in time, or until the task is cancelled.
        package var sleep: @Sendable (MonotonicTime) async -> Void
        /// A random number in 0..<1.
        package var chance: @Sendable () -> Double

        package init(
            configuration: AWSConfiguration, credentials: CredentialChain, transport: @escaping HTTPTransport,
            metrics: Metrics, time: TimeSource, attemptTimeout: Duration, userAgent: String,
            sleep: @escaping @Sendable (MonotonicTime) async -> Void,
            chance: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }
        ) {
            self.configuration = configuration
            self.credentials = credentials
            self.transport = transport
            self.metrics = metrics
            self.time = time
            self.attemptTimeout = attemptTimeout
            self.userAgent = userAgent
            self.sleep = sleep
            self.chance = chance
        }
    }

    private struct State {
        var quotas: [AWSService: RetryQuota] = [:]
        var rates: [AWSQuota: CallRate] = [:]
    }

    private let environment: Environment
    private let state = Mutex(State())

    package init(_ environment: Environment) {
        self.environment = environment
        let rates = environment.callsPerSecond.mapValues { CallRate(ceiling: $0) }
        state.withLock { $0.rates = rates }
    }

    /// AWS's clock as a service shows it to a request without a signature, which is refused and tells nothing else: so
    /// that the service is there, its name and its certificate too.
    /// - Returns: nil where the answer has no date.
    package func reach(_ service: AWSService, deadline: MonotonicTime) async throws(HTTPClientError) -> WallTime? {
        guard let endpoint = environment.configuration.endpoints[service] else { throw .nameNotResolved }
        let request = HTTPRequest(
            method: "GET", target: endpoint.path, fields: ["User-Agent": environment.userAgent], body: [])
        let limit = min(deadline, now + environment.attemptTimeout)
        let answer = try await environment.transport(request, endpoint.origin, limit)
        return answer.fields["date"].flatMap { HTTPDate.parse($0) }
    }

    /// What the last answer shows of AWS's clock.
    var clock: ClockBounds { environment.clock.bounds }

    /// The time calls are made by.
    var now: MonotonicTime { environment.time.now().monotonic }

    /// Waits until a point in time, or until the task is cancelled.
    func sleep(until time: MonotonicTime) async { await environment.sleep(time) }

    /// One call, retries included, by `deadline`.
    ///
    /// - Parameters:
    ///   - target: the operation's name, as in `GetParameter`.
    ///   - operation: the same for metrics.
    ///   - isRetried: false for what had better fail at once than be done late or twice: it does not go out again even
    ///     where the connection has ended without an answer.
    func call(
        _ service: AWSService, _ target: String, _ operation: Operation, _ body: JSON, isRetried: Bool = true,
        deadline: MonotonicTime
    ) async throws(AWSError) -> JSON {
        let message = Message(target, operation, body)
        return try await call(
            service, quota: AWSQuota(service, operation), isRetried: isRetried, deadline: { deadline }
        ) { message }
    }

    /// One call whose message is settled when its turn has come, and not made at all where that is too late.
    ///
    /// - Parameters:
    ///   - deadline: asked again at every step: a call that is shared lasts longer when another caller joins it.
    ///   - message: called once at the most.
    func call(
        _ service: AWSService, quota: AWSQuota? = .parameterReads, isRetried: Bool = true,
        deadline: @escaping @Sendable () -> MonotonicTime, message: @Sendable () -> Message
    ) async throws(AWSError) -> JSON {
        var call = Call(
            service: service, quota: quota, isRetried: isRetried, id: Random.uuid(), currentDeadline: deadline)
        var attempt = 1
        var lastCost: Int?
        var rejected: Int?
        var mended = false
        while true {
            var generation: Int?
            do throws(AWSError) {
                let answer = try await self.attempt(attempt, &call, message, rejecting: rejected, &generation)
                state.withLock { $0.quotas[service, default: RetryQuota()].succeeded(lastRetryCost: lastCost) }
                return answer
            } catch {
                // Expired credentials and a wrong clock are mended once, at once; neither counts as an attempt.
                if !mended, let mending = mend(error, generation) {
                    mended = true
                    rejected = mending.rejected
                    continue
                }
                let cost = RetryQuota.cost(error)
                try await beforeRetry(error, attempt, call, cost: cost)
                lastCost = cost
                attempt += 1
            }
        }
    }

    private struct Call {
        let service: AWSService
        let quota: AWSQuota?
        /// Nil until the first attempt's turn.
        var message: Message?
        let isRetried: Bool
        let id: String
        let currentDeadline: @Sendable () -> MonotonicTime

        /// When the call ends at the latest, as far as is known now.
        var deadline: MonotonicTime { currentDeadline() }
    }

    // MARK: One attempt

    private func attempt(
        _ number: Int, _ call: inout Call, _ settle: () -> Message, rejecting rejected: Int?,
        _ generation: inout Int?
    ) async throws(AWSError) -> JSON {
        let found = try await credentials(call, rejecting: rejected)
        generation = found.generation
        try await waitForTurn(call)
        let message = call.message ?? settle()
        call.message = message
        let started = environment.time.now().monotonic
        do throws(AWSError) {
            let answer = try await send(number, call, message, found.credentials)
            note(call, message, .success, since: started)
            return answer
        } catch {
            note(call, message, error.outcome, since: started)
            throw error
        }
    }

    /// The credentials, waited for until the call's deadline, which may move while they are waited for.
    private func credentials(
        _ call: Call, rejecting rejected: Int?
    ) async throws(AWSError) -> (credentials: AWSCredentials, generation: Int) {
        while true {
            let deadline = call.deadline
            do throws(AWSError) {
                return try await environment.credentials.credentials(rejecting: rejected, deadline: deadline)
            } catch {
                guard error.kind == .timedOut, call.deadline > deadline else { throw error }
            }
        }
    }

    /// The time that a call wants to have left when its turn has come: AWS answers most within it. A call that had less
    /// would spend its turn on a request that nobody waits for.
    package static let room: Duration = .milliseconds(250)

    /// Keeps to the rate that settings and the service allow, so that this process alone cannot use up the account's
    /// quota. Where the turn would come too late the call fails at once, as throttled.
    private func waitForTurn(_ call: Call) async throws(AWSError) {
        guard let quota = call.quota else { return }
        while true {
            let now = environment.time.now().monotonic
            let latest = max(now, call.deadline + (.zero - Self.room))
            let taken = state.withLock { state in
                Result { () throws(CallRate.Full) in try state.rates[quota]?.take(now, notLaterThan: latest) }
            }
            switch taken {
            case .success(nil): return
            case .success(let turn?):
                guard turn.at > now else { return }
                await environment.sleep(turn.at)
                // The service has throttled meanwhile: the place is no longer there.
                if state.withLock({ $0.rates[quota]?.isCurrent(turn) }) != false { return }
            case .failure(let full):
                var error = AWSError(
                    .throttled, code: AWSError.localRateLimit, hint: "LATCHKEY_SSM_MAX_TPS holds the call back")
                error.retryAfter = full.wait
                throw error
            }
        }
    }

    private func send(
        _ number: Int, _ call: Call, _ message: Message, _ credentials: AWSCredentials
    ) async throws(AWSError) -> JSON {
        let configuration = environment.configuration
        guard let endpoint = configuration.endpoints[call.service] else { throw AWSError(.invalidRequest) }
        let now = environment.time.now()
        var request = message.request(to: call.service, below: endpoint.path)
        request.isSentOnce = !call.isRetried
        request.fields["User-Agent"] = environment.userAgent
        request.fields["amz-sdk-invocation-id"] = call.id
        request.fields["amz-sdk-request"] = "attempt=\(number); max=\(configuration.retry.maxAttempts)"
        let date = now.wall + environment.clock.current
        SigV4.sign(
            &request, host: endpoint.origin.authority,
            scope: SigV4.Scope(date: date, region: configuration.region, service: call.service.name),
            credentials: credentials)
        let deadline = min(call.deadline, now.monotonic + environment.attemptTimeout)
        let response: HTTPResponse
        do throws(HTTPClientError) {
            response = try await environment.transport(request, endpoint.origin, deadline)
        } catch {
            throw AWSError(error)
        }
        if let date = response.fields["date"].flatMap({ HTTPDate.parse($0) }) {
            let received = environment.time.now().wall
            environment.clock.note(ClockBounds(date: date, sent: now.wall, received: received))
        }
        guard response.status == 200 else { throw AWSError(response) }
        guard let answer = message.answer(response.body) else {
            throw AWSError(.invalidAnswer, requestID: response.fields["x-amzn-requestid"])
        }
        return answer
    }

    private func note(_ call: Call, _ message: Message, _ outcome: UpstreamOutcome, since started: MonotonicTime) {
        let now = environment.time.now().monotonic
        environment.metrics.upstreamRequest(call.service.upstream, message.operation, outcome, now - started)
        guard let quota = call.quota else { return }
        switch outcome {
        case .throttled: state.withLock { $0.rates[quota]?.throttled(now) }
        case .success: state.withLock { $0.rates[quota]?.succeeded() }
        default: break
        }
    }

    // MARK: After a failure

    /// What else to try at once, if anything.
    private func mend(_ error: AWSError, _ generation: Int?) -> (rejected: Int?, Void)? {
        if let skew = error.skew(at: environment.time.now().wall) {
            environment.clock.set(skew)
            return (nil, ())
        }
        if error.kind == .expiredCredentials, let generation { return (generation, ()) }
        return nil
    }

    /// Waits before the next attempt, or throws where there is to be none.
    private func beforeRetry(_ error: AWSError, _ attempt: Int, _ call: Call, cost: Int) async throws(AWSError) {
        guard call.isRetried, RetryPolicy.isRetryable(error), attempt < environment.configuration.retry.maxAttempts
        else { throw error }
        let delay = RetryPolicy.delay(after: attempt, error, chance: environment.chance())
        let wake = environment.time.now().monotonic + delay
        // A retry that cannot begin in time would only turn a clear error into a time-out.
        guard wake < call.deadline else { throw error }
        guard state.withLock({ $0.quotas[call.service, default: RetryQuota()].spend(cost) }) else { throw error }
        environment.metrics.upstreamRetry(call.service.upstream)
        await environment.sleep(wake)
    }
}
