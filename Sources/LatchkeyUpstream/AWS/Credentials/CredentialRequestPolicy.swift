internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyMetrics

/// How a credential source is requested over HTTP: the number of attempts and the time of each are bounded.
struct CredentialRequestPolicy: Sendable {
    let upstream: Upstream
    let operation: Operation
    let maxAttempts: Int
    /// For one attempt.
    let timeout: Duration
    /// The source is on the same machine or link: no proxy can reach it, and none may see its credentials.
    var bypassesProxy = false

    /// The metadata service of an instance is on its link, so an attempt without an answer after one second has failed.
    static let instance = CredentialRequestPolicy(
        upstream: .credentials, operation: .instanceMetadata, maxAttempts: 2, timeout: .seconds(1), bypassesProxy: true)
    /// An agent on the same machine, which may have to ask AWS first (botocore: 2 s, three attempts).
    static let container = CredentialRequestPolicy(
        upstream: .credentials, operation: .containerCredentials, maxAttempts: 3, timeout: .seconds(2),
        bypassesProxy: true)
    static let singleSignOn = CredentialRequestPolicy(
        upstream: .credentials, operation: .singleSignOn, maxAttempts: 3, timeout: .seconds(3))
    static let assumeRole = CredentialRequestPolicy(
        upstream: .sts, operation: .assumeRole, maxAttempts: 3, timeout: .seconds(3))
    static let webIdentity = CredentialRequestPolicy(
        upstream: .sts, operation: .assumeRoleWithWebIdentity, maxAttempts: 3, timeout: .seconds(3))
}

extension CredentialContext {
    /// Sends a request, and repeats it after a failed connection, a server error and throttling.
    ///
    /// - Parameter make: makes the request of each attempt, because each has its own signature.
    /// - Returns: the first response with any other status.
    func send(
        _ call: CredentialRequestPolicy, to origin: Origin, _ make: @Sendable () -> HTTPRequest
    ) async throws(AWSError) -> HTTPResponse {
        var attempt = 1
        while true {
            do throws(AWSError) {
                return try await sendOnce(call, to: origin, make())
            } catch {
                let isTransient = RetryPolicy.isRetryable(error) || error.kind == .timedOut
                guard isTransient, attempt < call.maxAttempts else { throw error }
                let delay = RetryPolicy.delay(after: attempt, error, jitter: time.jitter())
                await time.sleep(time.now().monotonic + delay)
                attempt += 1
            }
        }
    }

    private func sendOnce(
        _ call: CredentialRequestPolicy, to origin: Origin, _ request: HTTPRequest
    ) async throws(AWSError) -> HTTPResponse {
        let started = time.now().monotonic
        var request = request
        request.fields["User-Agent"] = userAgent
        request.bypassesProxy = call.bypassesProxy
        let response: HTTPResponse
        do throws(HTTPClientError) {
            response = try await transport(request, origin, started + call.timeout)
        } catch {
            let error = AWSError(error)
            record(call, error.outcome, since: started)
            throw error
        }
        guard response.status != 200 else {
            record(call, .success, since: started)
            return response
        }
        let error = AWSError(response)
        record(call, error.outcome, since: started)
        if error.kind == .unavailable || error.kind == .throttled { throw error }
        return response
    }

    private func record(_ call: CredentialRequestPolicy, _ outcome: UpstreamOutcome, since started: MonotonicTime) {
        metrics.upstreamRequest(call.upstream, call.operation, outcome, took: time.now().monotonic - started)
    }
}
