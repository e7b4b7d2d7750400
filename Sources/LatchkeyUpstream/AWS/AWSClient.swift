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
        /// The longest one attempt may take (`LATCHKEY_UPSTREAM_TIMEOUT`).
        package var attemptTimeout: Duration
        /// Calls a second of a service that is shared with the whole account (`LATCHKEY_SSM_MAX_TPS`); nil for no bound.
        package var callsPerSecond: [AWSService: Int] = [:]
        /// `name/version` for `User-Agent`, so that CloudTrail can tell this program from others.
        package var userAgent: String
        /// Waits until a point in time.
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
        /// AWS's clock less ours, once AWS has complained.
        var skew: Duration = .zero
        var pacers: [AWSService: Pacer] = [:]
    }

    private let environment: Environment
    private let state = Mutex(State())

    package init(_ environment: Environment) {
        self.environment = environment
        let pacers = environment.callsPerSecond.mapValues { Pacer($0, each: .seconds(1)) }
        state.withLock { $0.pacers = pacers }
    }

    /// One call, retries included, by `deadline`.
    ///
    /// - Parameters:
    ///   - target: the operation's name, as in `GetParameter`.
    ///   - operation: the same for metrics.
    func call(
        _ service: AWSService, _ target: String, _ operation: Operation, _ body: JSON, deadline: MonotonicTime
    ) async throws(AWSError) -> JSON {
        let call = Call(
            service: service, target: target, operation: operation, body: body.bytes(), id: Random.uuid(),
            deadline: deadline)
        var attempt = 1
        var lastCost: Int?
        var rejected: Int?
        var mended = false
        while true {
            var generation: Int?
            do throws(AWSError) {
                let answer = try await self.attempt(attempt, call, rejecting: rejected, &generation)
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
        let target: String
        let operation: Operation
        let body: [UInt8]
        let id: String
        let deadline: MonotonicTime
    }

    // MARK: One attempt

    private func attempt(
        _ number: Int, _ call: Call, rejecting rejected: Int?, _ generation: inout Int?
    ) async throws(AWSError) -> JSON {
        let found = try await environment.credentials.credentials(rejecting: rejected)
        generation = found.generation
        try await waitForTurn(call)
        let started = environment.time.now().monotonic
        do throws(AWSError) {
            let answer = try await send(number, call, found.credentials)
            note(call, .success, since: started)
            return answer
        } catch {
            note(call, error.outcome, since: started)
            throw error
        }
    }

    /// Keeps to the rate settings allow, so that this process alone cannot use up the account's quota. Where the turn
    /// would come too late the call fails at once, as throttled.
    private func waitForTurn(_ call: Call) async throws(AWSError) {
        let now = environment.time.now().monotonic
        let turn = state.withLock { state in
            state.pacers[call.service] == nil
                ? now : state.pacers[call.service]?.reserve(now, notLaterThan: call.deadline)
        }
        guard let turn else {
            throw AWSError(.throttled, code: "LocalRateLimit", hint: "LATCHKEY_SSM_MAX_TPS holds the call back")
        }
        if turn > now { await environment.sleep(turn) }
    }

    private func send(_ number: Int, _ call: Call, _ credentials: AWSCredentials) async throws(AWSError) -> JSON {
        let configuration = environment.configuration
        guard let endpoint = configuration.endpoints[call.service] else { throw AWSError(.invalidRequest) }
        let now = environment.time.now()
        var request = HTTPRequest(
            method: "POST", target: endpoint.path,
            fields: [
                "Content-Type": "application/x-amz-json-1.1",
                "X-Amz-Target": "\(call.service.targetPrefix).\(call.target)",
                "User-Agent": environment.userAgent,
                "amz-sdk-invocation-id": call.id,
                "amz-sdk-request": "attempt=\(number); max=\(configuration.retry.maxAttempts)",
            ], body: call.body)
        let date = now.wall + state.withLock { $0.skew }
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
        guard response.status == 200 else { throw AWSError(response) }
        // Deleting answers with an empty object, and some services with nothing at all.
        guard let answer = try? JSON(parsing: response.body.isEmpty ? Array("{}".utf8) : response.body),
            answer.object != nil
        else { throw AWSError(.invalidAnswer, requestID: response.fields["x-amzn-requestid"]) }
        return answer
    }

    private func note(_ call: Call, _ outcome: UpstreamOutcome, since started: MonotonicTime) {
        let duration = environment.time.now().monotonic - started
        environment.metrics.upstreamRequest(call.service.upstream, call.operation, outcome, duration)
    }

    // MARK: After a failure

    /// What else to try at once, if anything.
    private func mend(_ error: AWSError, _ generation: Int?) -> (rejected: Int?, Void)? {
        if let skew = error.skew(at: environment.time.now().wall) {
            state.withLock { $0.skew = skew }
            return (nil, ())
        }
        if error.kind == .expiredCredentials, let generation { return (generation, ()) }
        return nil
    }

    /// Waits before the next attempt, or throws where there is to be none.
    private func beforeRetry(_ error: AWSError, _ attempt: Int, _ call: Call, cost: Int) async throws(AWSError) {
        guard RetryPolicy.isRetryable(error), attempt < environment.configuration.retry.maxAttempts else { throw error }
        let delay = RetryPolicy.delay(after: attempt, error, chance: environment.chance())
        let wake = environment.time.now().monotonic + delay
        // A retry that cannot begin in time would only turn a clear error into a time-out.
        guard wake < call.deadline else { throw error }
        guard state.withLock({ $0.quotas[call.service, default: RetryQuota()].spend(cost) }) else { throw error }
        environment.metrics.upstreamRetry(call.service.upstream)
        await environment.sleep(wake)
    }
}

extension AWSError {
    /// The error as metrics count it.
    var outcome: UpstreamOutcome {
        switch kind {
        case .notFound: .notFound
        case .denied: .denied
        case .throttled: .throttled
        case .expiredCredentials: .expiredCredentials
        case .noCredentials: .noCredentials
        case .alreadyExists, .invalidRequest: .invalidRequest
        case .unavailable: transport == nil ? .unavailable : .transport
        case .timedOut: .timedOut
        case .invalidAnswer: .invalidAnswer
        }
    }
}
