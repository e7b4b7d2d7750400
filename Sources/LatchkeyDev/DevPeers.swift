package import LatchkeyCore
package import LatchkeyCrypto
package import LatchkeyHTTP
internal import Synchronization

/// A Parameter Store, a Secrets Manager and a token issuer in this process, speaking their real wire protocols.
///
/// One address serves all three: AWS JSON 1.1 on `POST /` by `X-Amz-Target`, the issuer on `POST /oauth/token` and
/// `GET /.well-known/…`, and `GET /dev/requests` tells how often each was asked. What they decide is a value
/// (``respond(to:)`` holds a lock around it); the server is the caller's.
package final class DevPeers: Sendable {
    /// What the stand-ins are started with.
    package struct Configuration: Sendable {
        package var seed: DevSeed
        /// What the issuer signs tokens with.
        package var signingKey: SigningKey
        /// Whether the seed's parameters and secrets are there at the start.
        package var isSeeded = true
        /// Whether AWS requests must be signed with the seed's access key (Signature Version 4).
        package var checksSignatures = true
        /// Whether requests signed with another access key pass unchecked, so that any tool with any credentials can
        /// look at the stand-ins. The seed's own key is checked all the same.
        package var acceptsForeignKeys = false
        /// AWS's request quotas; nil for none.
        package var parameterStoreQuotas: ParameterStoreQuotas? = ParameterStoreQuotas()
        /// Whether the issuer admits 30 requests a second and says so in `x-ratelimit-*`.
        package var limitsIssuer = true
        /// Tokens an hour after which the issuer answers 429; nil for no such quota and no header.
        package var issuerHourlyQuota: Int64?
        /// From issue to expiry, whole seconds.
        package var tokenLifetime: Duration = .seconds(86_400)

        package init(seed: DevSeed, signingKey: SigningKey) {
            self.seed = seed
            self.signingKey = signingKey
        }
    }

    private let state: Mutex<DevState>
    private let time: TimeSource

    package init(_ configuration: Configuration, time: TimeSource = .system) {
        self.time = time
        state = Mutex(DevState(configuration, now: time.now()))
    }

    /// Answers one request, at the time the source gives.
    package func respond(to request: HTTPRequest) -> HTTPResponse {
        let now = time.now()
        return state.withLock { $0.respond(to: request, now: now) }
    }

    /// ``respond(to:)`` as a server takes it.
    package var handler: SimpleHandler { { request in self.respond(to: request) } }

    /// ``respond(to:)`` as a client's transport, for tests without a socket. The origin becomes `Host`.
    package var transport: HTTPTransport {
        { request, origin, _ async throws(HTTPClientError) in
            var request = request
            request.fields["Host"] = origin.authority
            return self.respond(to: request)
        }
    }

    /// What was asked so far.
    package var counts: RequestCounts { state.withLock { $0.counts } }

    // MARK: Faults, for tests

    /// Lets each of these befall one request to a service, in order.
    package func inject(_ faults: [DevFault], into service: DevService) {
        state.withLock { $0.faults.queue(faults, for: service) }
    }

    /// Lets this befall every request to a service until nil is given.
    package func hold(_ fault: DevFault?, for service: DevService) {
        state.withLock { $0.faults.hold(fault, for: service) }
    }

    /// Changes the lifetime of tokens issued from now on.
    package func setTokenLifetime(_ lifetime: Duration) { state.withLock { $0.issuer.tokenLifetime = lifetime } }
}
