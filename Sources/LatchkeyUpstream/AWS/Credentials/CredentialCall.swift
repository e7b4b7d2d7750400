internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyMetrics

/// How a source of credentials is asked over HTTP: every wait and every count of it is bounded.
struct CredentialCall: Sendable {
    let upstream: Upstream
    let operation: Operation
    /// How often at the most.
    let tries: Int
    /// The longest one try may take.
    let patience: Duration
    /// The source is beside the process: no proxy reaches it, and none is to see what it gives.
    var isDirect = false

    /// The metadata service of an instance is next door: what has not answered in a second is not there.
    static let instance = CredentialCall(
        upstream: .credentials, operation: .instanceMetadata, tries: 2, patience: .seconds(1), isDirect: true)
    /// An agent on the machine, which may have to ask AWS first (botocore: 2 s, three times).
    static let container = CredentialCall(
        upstream: .credentials, operation: .containerCredentials, tries: 3, patience: .seconds(2), isDirect: true)
    static let singleSignOn = CredentialCall(
        upstream: .credentials, operation: .singleSignOn, tries: 3, patience: .seconds(3))
    static let assumeRole = CredentialCall(upstream: .sts, operation: .assumeRole, tries: 3, patience: .seconds(3))
    static let webIdentity = CredentialCall(
        upstream: .sts, operation: .assumeRoleWithWebIdentity, tries: 3, patience: .seconds(3))
}

extension CredentialContext {
    /// Sends a request until it is answered with something else than a fault of the server's own or a wish to be left
    /// alone, as often as the call allows.
    ///
    /// - Parameter make: makes the request of each try; signatures differ.
    /// - Throws: when no try was answered so.
    func send(
        _ call: CredentialCall, to origin: Origin, _ make: @Sendable () -> HTTPRequest
    ) async throws(AWSError) -> HTTPResponse {
        var attempt = 1
        while true {
            do throws(AWSError) {
                return try await sendOnce(call, to: origin, make())
            } catch {
                let isPassing = RetryPolicy.isRetryable(error) || error.kind == .timedOut
                guard isPassing, attempt < call.tries else { throw error }
                await sleep(time.now().monotonic + RetryPolicy.delay(after: attempt, error, chance: chance()))
                attempt += 1
            }
        }
    }

    private func sendOnce(
        _ call: CredentialCall, to origin: Origin, _ request: HTTPRequest
    ) async throws(AWSError) -> HTTPResponse {
        let started = time.now().monotonic
        var request = request
        request.fields["User-Agent"] = userAgent
        request.isDirect = call.isDirect
        do throws(AWSError) {
            let response: HTTPResponse
            do throws(HTTPClientError) {
                response = try await transport(request, origin, started + call.patience)
            } catch {
                throw AWSError(error)
            }
            if response.status != 200 {
                let error = AWSError(response)
                if error.kind == .unavailable || error.kind == .throttled { throw error }
            }
            let outcome = response.status == 200 ? .success : AWSError(response).outcome
            metrics.upstreamRequest(call.upstream, call.operation, outcome, took: time.now().monotonic - started)
            return response
        } catch {
            metrics.upstreamRequest(call.upstream, call.operation, error.outcome, took: time.now().monotonic - started)
            throw error
        }
    }

    /// A moment that a source has stated, by our own wall clock: sources that say what time it is for them are believed
    /// where we are minutes apart, and of the others AWS's clock is taken to be theirs.
    func ownTime(of stated: WallTime, in response: HTTPResponse? = nil) -> WallTime {
        let now = time.now().wall
        if let date = response?.fields["date"].flatMap({ HTTPDate.parse($0) }) {
            let offset = date - now
            if offset > ClockOffset.tolerance || offset < .zero - ClockOffset.tolerance {
                return stated + (.zero - offset)
            }
        }
        return stated + (.zero - clock.current)
    }
}
