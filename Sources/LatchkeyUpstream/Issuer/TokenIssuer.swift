package import LatchkeyCore
package import LatchkeyCrypto
package import LatchkeyHTTP

/// Requests tokens from OAuth 2.0 issuers with the client credentials grant (RFC 6749 §4.4).
package struct TokenIssuer: Sendable {
    private let transport: HTTPTransport
    private let time: Timing
    private let userAgent: String
    private let observe: @Sendable (IssuerCallEvent) -> Void

    /// - Parameters:
    ///   - userAgent: `name/version`.
    ///   - observe: called after every attempt; must not block.
    package init(
        transport: @escaping HTTPTransport, time: Timing, userAgent: String,
        observe: @escaping @Sendable (IssuerCallEvent) -> Void = { _ in }
    ) {
        self.transport = transport
        self.time = time
        self.userAgent = userAgent
        self.observe = observe
    }

    /// Requests a token. Transient failures are retried (``IssuerRetry``), refusals and throttling are not.
    ///
    /// - Parameters:
    ///   - attempts: at most, 1 or more.
    ///   - admit: called before every attempt. Returns how long to wait if the budget of requests is used up.
    package func issue(
        _ request: TokenRequest, deadline: MonotonicTime, attempts: Int = IssuerRetry.maxAttempts,
        admit: @Sendable (MonotonicTime) -> Duration? = { _ in nil }
    ) async throws(IssuerError) -> TokenResponse {
        var retry = IssuerRetry(maxAttempts: attempts)
        var last: IssuerError?
        while true {
            // Each attempt has its own assertion, which may be used once (RFC 7523 §3, item 7).
            let now = time.now()
            let message = try request.message(userAgent: userAgent, now: now.wall, id: Random.uuid())
            if let wait = admit(now.monotonic) { throw last ?? .budgetSpent(retryAfter: wait) }
            let error: IssuerError
            let notBefore: Duration?
            switch await attempt(message, of: request, number: retry.attempt, deadline: deadline) {
            case .issued(let token): return token
            case .refused(let refusal): throw refusal
            case .transient(let failure, let wait): (error, notBefore) = (failure, wait)
            }
            let failed = time.now().monotonic
            guard
                let next = retry.next(notBefore: notBefore, now: failed, deadline: deadline, jitter: time.jitter())
            else { throw error }
            last = error
            await time.sleep(next)
            if Task.isCancelled { throw error }
        }
    }

    private func attempt(
        _ message: HTTPRequest, of request: TokenRequest, number: Int, deadline: MonotonicTime
    ) async -> IssuerOutcome {
        let start = time.now()
        var quota = IssuerQuota()
        let answer: IssuerOutcome
        do throws(HTTPClientError) {
            let response = try await transport(message, request.endpoint.origin, deadline)
            let now = time.now().wall
            quota = IssuerQuota(response.fields, now: now)
            answer = IssuerOutcome(response, quota: quota, policy: request.responsePolicy, now: now)
        } catch {
            answer = IssuerOutcome(error)
        }
        observe(
            IssuerCallEvent(
                kind: request.kind, attempt: number, duration: time.now().monotonic - start.monotonic,
                error: answer.error, quota: quota))
        return answer
    }
}
