internal import LatchkeyAWS
package import LatchkeyCore
internal import LatchkeyCrypto
package import LatchkeyHTTP
internal import LatchkeyMetrics
internal import Synchronization

/// Calls AWS services: signs requests, limits their rate, and retries as the SDKs' standard mode does.
package final class AWSClient: Sendable {
    private struct State {
        var retryQuotas: [AWSService: RetryQuota] = [:]
        var rates: [AWSQuota: CallRateLimiter] = [:]
    }

    private let environment: Environment
    private let state: Mutex<State>

    package init(_ environment: Environment) {
        self.environment = environment
        state = Mutex(State(rates: environment.callsPerSecond.mapValues { CallRateLimiter(maxPerSecond: $0) }))
    }

    /// AWS's time from the response to an unsigned request. The service rejects the request, but its response shows
    /// that the endpoint, its name and its certificate are valid.
    /// - Returns: nil if the response has no date.
    package func serverTime(
        of service: AWSService, deadline: MonotonicTime
    ) async throws(HTTPClientError) -> WallTime? {
        guard let endpoint = environment.configuration.endpoints[service] else { throw .nameNotResolved }
        let request = HTTPRequest(
            method: "GET", target: endpoint.path, fields: ["User-Agent": environment.userAgent], body: [])
        let deadline = min(deadline, now + environment.attemptTimeout)
        return try await environment.transport(request, endpoint.origin, deadline).fields.date
    }

    /// The bounds of the difference to AWS's clock that the last response gives.
    var clock: ClockBounds { environment.clockSkew.bounds }

    /// The time by which calls are made.
    var now: MonotonicTime { environment.time.now().monotonic }

    /// Returns at the given time, or early if the task is cancelled.
    func sleep(until time: MonotonicTime) async { await environment.time.sleep(time) }

    // MARK: Calls

    /// One call, retries included, by `deadline`.
    ///
    /// - Parameter isRetried: false for a call that must not be made late or twice. It is then not even sent again if
    ///   the connection ends without a response.
    func call(
        _ operation: AWSOperation, _ body: JSON, isRetried: Bool = true, deadline: MonotonicTime
    ) async throws(AWSError) -> JSON {
        let request = AWSRequest(operation, body)
        return try await call(
            operation.service, quota: AWSQuota(operation), isRetried: isRetried, deadline: { deadline }
        ) { request }
    }

    /// One call whose request is made when its slot has come, and not at all if the slot is too late.
    ///
    /// - Parameters:
    ///   - quota: nil for a call whose rate is not limited.
    ///   - deadline: evaluated before each step, because the deadline of a shared call moves when another caller joins.
    ///   - request: called at most once.
    func call(
        _ service: AWSService, quota: AWSQuota?, isRetried: Bool = true,
        deadline: @escaping @Sendable () -> MonotonicTime, request: @Sendable () -> AWSRequest
    ) async throws(AWSError) -> JSON {
        var call = Call(
            service: service, quota: quota, isRetried: isRetried, id: Random.uuid(), currentDeadline: deadline)
        var attempt = 1
        var lastRetryCost: Int?
        var isCorrected = false
        while true {
            do throws(AWSError) {
                let result = try await self.attempt(attempt, &call, request)
                state.withLock {
                    $0.retryQuotas[service, default: RetryQuota()].succeeded(lastRetryCost: lastRetryCost)
                }
                return result
            } catch {
                // Once a call, and not counted as an attempt.
                if !isCorrected, correct(error, &call) {
                    isCorrected = true
                    continue
                }
                let cost = RetryQuota.cost(error)
                try await waitBeforeRetry(error, after: attempt, of: call, cost: cost)
                lastRetryCost = cost
                attempt += 1
            }
        }
    }

    private struct Call {
        let service: AWSService
        let quota: AWSQuota?
        let isRetried: Bool
        let id: String
        let currentDeadline: @Sendable () -> MonotonicTime
        /// Nil until the slot of the first attempt has come.
        var request: AWSRequest?
        /// The generation of the credentials that the last attempt used; nil if it got none.
        var generation: Int?
        /// The generation of credentials that AWS has rejected.
        var rejected: Int?

        /// When the call must end, as known now.
        var deadline: MonotonicTime { currentDeadline() }
    }

    // MARK: One attempt

    private func attempt(
        _ number: Int, _ call: inout Call, _ makeRequest: () -> AWSRequest
    ) async throws(AWSError) -> JSON {
        call.generation = nil
        let (credentials, generation) = try await credentials(for: call)
        call.generation = generation
        try await waitForSlot(call)
        let request = call.request ?? makeRequest()
        call.request = request
        let started = now
        do throws(AWSError) {
            let result = try await send(request, of: call, attempt: number, credentials: credentials)
            record(.success, of: request, call, since: started)
            return result
        } catch {
            record(error.outcome, of: request, call, since: started)
            throw error
        }
    }

    /// Waits for the credentials until the call's deadline, which may move in the meantime.
    private func credentials(
        for call: Call
    ) async throws(AWSError) -> (credentials: AWSCredentials, generation: Int) {
        while true {
            let deadline = call.deadline
            do throws(AWSError) {
                return try await environment.credentials.credentials(rejecting: call.rejected, deadline: deadline)
            } catch {
                guard error.kind == .timedOut, call.deadline > deadline else { throw error }
            }
        }
    }

    /// The time that must be left before the deadline when a call's slot comes. AWS answers most calls within it; a
    /// call with less would use a slot for a request that nobody waits for.
    package static let minTimeToAnswer: Duration = .milliseconds(250)

    /// Waits for a slot of the rate limit, so that this process alone cannot use up the account's quota. Throws
    /// immediately if the slot would come too late.
    private func waitForSlot(_ call: Call) async throws(AWSError) {
        guard let quota = call.quota else { return }
        while true {
            let now = now
            let latest = max(now, call.deadline + (.zero - Self.minTimeToAnswer))
            let reserved = state.withLock { state in
                Result { () throws(CallRateLimiter.NoSlot) in
                    try state.rates[quota]?.reserve(now, notLaterThan: latest)
                }
            }
            switch reserved {
            case .success(nil): return
            case .success(let slot?):
                guard slot.time > now else { return }
                await sleep(until: slot.time)
                // If the service has throttled in the meantime, the slot is void.
                if state.withLock({ $0.rates[quota]?.isValid(slot) }) != false { return }
            case .failure(let noSlot):
                var error = AWSError(
                    .throttled, code: AWSError.localRateLimit,
                    hint: "LATCHKEY_SSM_MAX_TPS limits the rate of calls: raise it if the account's quota allows")
                error.retryAfter = noSlot.wait
                throw error
            }
        }
    }

    private func send(
        _ request: AWSRequest, of call: Call, attempt: Int, credentials: AWSCredentials
    ) async throws(AWSError) -> JSON {
        let configuration = environment.configuration
        guard let endpoint = configuration.endpoints[call.service] else { throw AWSError(.invalidRequest) }
        let now = environment.time.now()
        var message = request.request(to: endpoint)
        message.isSentOnce = !call.isRetried
        message.fields["User-Agent"] = environment.userAgent
        message.fields["amz-sdk-invocation-id"] = call.id
        message.fields["amz-sdk-request"] = "attempt=\(attempt); max=\(configuration.retry.maxAttempts)"
        SigV4.sign(
            &message, host: endpoint.origin.authority,
            scope: SigV4.Scope(
                date: environment.clockSkew.awsTime(at: now.wall), region: configuration.region,
                service: call.service.name),
            credentials: credentials)
        let deadline = min(call.deadline, now.monotonic + environment.attemptTimeout)
        let response: HTTPResponse
        do throws(HTTPClientError) {
            response = try await environment.transport(message, endpoint.origin, deadline)
        } catch {
            throw AWSError(error)
        }
        if let date = response.fields.date {
            let received = environment.time.now().wall
            environment.clockSkew.record(ClockBounds(date: date, sent: now.wall, received: received))
        }
        guard response.status == 200 else { throw AWSError(response) }
        guard let result = request.result(response.body) else {
            throw AWSError(.invalidAnswer, requestID: response.fields["x-amzn-requestid"])
        }
        return result
    }

    private func record(
        _ outcome: UpstreamOutcome, of request: AWSRequest, _ call: Call, since started: MonotonicTime
    ) {
        let now = now
        environment.metrics.upstreamRequest(
            call.service.upstream, request.operation.metric, outcome, took: now - started)
        guard let quota = call.quota else { return }
        switch outcome {
        case .throttled: state.withLock { $0.rates[quota]?.throttled(now) }
        case .success: state.withLock { $0.rates[quota]?.succeeded() }
        default: break
        }
    }

    // MARK: After a failure

    /// Corrects the clock, or marks the credentials as rejected, if the error shows that they are wrong.
    ///
    /// - Returns: whether the call should be repeated immediately.
    private func correct(_ error: AWSError, _ call: inout Call) -> Bool {
        if let skew = error.skew(at: environment.time.now().wall) {
            environment.clockSkew.correct(to: skew)
            return true
        }
        guard error.kind == .expiredCredentials, let generation = call.generation else { return false }
        call.rejected = generation
        return true
    }

    /// Waits before the next attempt. Throws `error` if there must be no other attempt.
    private func waitBeforeRetry(
        _ error: AWSError, after attempt: Int, of call: Call, cost: Int
    ) async throws(AWSError) {
        guard call.isRetried, RetryPolicy.isRetryable(error), attempt < environment.configuration.retry.maxAttempts
        else { throw error }
        let delay = RetryPolicy.delay(after: attempt, error, jitter: environment.time.jitter())
        let wake = now + delay
        // An attempt after the deadline would only replace a clear error by a timeout.
        guard wake < call.deadline else { throw error }
        guard state.withLock({ $0.retryQuotas[call.service, default: RetryQuota()].take(cost) }) else { throw error }
        environment.metrics.upstreamRetry(call.service.upstream)
        await sleep(until: wake)
    }
}
