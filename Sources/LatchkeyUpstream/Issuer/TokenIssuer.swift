package import LatchkeyCore
internal import LatchkeyCrypto
package import LatchkeyHTTP
package import LatchkeyMetrics

/// What one attempt at an issuer came to, for metrics and logs.
package struct IssuerCallEvent: Sendable {
    package let kind: TokenRequest.Kind
    /// 1 for the first attempt of a call.
    package let attempt: Int
    package let duration: Duration
    /// Nil where the attempt gave a token.
    package let error: IssuerError?
    /// What the answer's headers said is left.
    package let quota: IssuerQuota

    package var outcome: UpstreamOutcome { error?.outcome ?? .success }

    package var upstream: Upstream {
        switch kind {
        case .auth0: .auth0
        case .oauth2: .oauth2
        }
    }
}

/// Asks OAuth 2.0 issuers for tokens by the client-credentials grant (RFC 6749 §4.4).
package struct TokenIssuer: Sendable {
    private let transport: HTTPTransport
    private let time: TimeSource
    private let userAgent: String
    private let pause: @Sendable (MonotonicTime) async -> Void
    private let random: @Sendable () -> Double
    private let observe: @Sendable (IssuerCallEvent) -> Void

    /// - Parameters:
    ///   - version: of this program, for `User-Agent: latchkey/<version>`.
    ///   - pause: returns at the given time, or early when the task is cancelled.
    ///   - random: uniform in [0, 1).
    ///   - observe: told of every attempt; must not block.
    package init(
        transport: @escaping HTTPTransport, time: TimeSource, version: String,
        pause: @escaping @Sendable (MonotonicTime) async -> Void = TokenIssuer.sleep,
        random: @escaping @Sendable () -> Double = { .random(in: 0..<1) },
        observe: @escaping @Sendable (IssuerCallEvent) -> Void = { _ in }
    ) {
        self.transport = transport
        self.time = time
        userAgent = "latchkey/\(version)"
        self.pause = pause
        self.random = random
        self.observe = observe
    }

    /// A token by the deadline. A transient failure is tried again (``IssuerRetry``); a refusal and a throttle never are.
    ///
    /// - Parameters:
    ///   - attempts: requests at the most, 1 or more.
    ///   - admit: asked before every request, attempts after the first included; how long to wait where the budget of
    ///     requests is used up.
    package func issue(
        _ request: TokenRequest, deadline: MonotonicTime, attempts: Int = IssuerRetry.attempts,
        admit: @Sendable (MonotonicTime) -> Duration? = { _ in nil }
    ) async throws(IssuerError) -> IssuedToken {
        var retry = IssuerRetry(atMost: attempts)
        var last: IssuerError?
        while true {
            // An assertion is good for one request (RFC 7523 §3, 7), so each attempt has its own.
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
            let later = time.now().monotonic
            guard let next = retry.next(notBefore: notBefore, now: later, deadline: deadline, random: random()) else {
                throw error
            }
            last = error
            await pause(next)
            if Task.isCancelled { throw error }
        }
    }

    /// Waits on Swift's continuous clock, which is the clock of ``MonotonicTime``.
    package static let sleep: @Sendable (MonotonicTime) async -> Void = { time in
        // The only error is cancellation, and returning early is what it asks for.
        try? await Task.sleep(for: time - .current, clock: .continuous)
    }

    /// One request, judged and reported.
    private func attempt(
        _ message: HTTPRequest, of request: TokenRequest, number: Int, deadline: MonotonicTime
    ) async -> IssuerAnswer {
        let start = time.now()
        var quota = IssuerQuota()
        let answer: IssuerAnswer
        do throws(HTTPClientError) {
            let response = try await transport(message, request.endpoint.origin, deadline)
            quota = IssuerQuota(response.fields, now: time.now().wall)
            answer = IssuerAnswer(response, allowance: request.allowance, now: time.now().wall)
        } catch {
            answer = Self.judge(error)
        }
        observe(
            IssuerCallEvent(
                kind: request.kind, attempt: number, duration: time.now().monotonic - start.monotonic,
                error: answer.error, quota: quota))
        return answer
    }

    private static func judge(_ error: HTTPClientError) -> IssuerAnswer {
        if error == .timedOut { return .refused(.timedOut) }
        return IssuerRetry.isTransient(error)
            ? .transient(.transport(error), notBefore: nil) : .refused(.transport(error))
    }
}

extension IssuerAnswer {
    /// What went wrong, or nil for a token.
    fileprivate var error: IssuerError? {
        switch self {
        case .issued: nil
        case .refused(let error), .transient(let error, _): error
        }
    }
}
