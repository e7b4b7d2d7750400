package import LatchkeyCore
package import LatchkeyCrypto
package import LatchkeyHTTP
internal import Synchronization

/// An emulated Parameter Store, Secrets Manager and token issuer. They speak the real wire protocols.
///
/// One address serves all three: AWS JSON 1.1 at `POST /`, told apart by `X-Amz-Target`; the issuer at `POST /oauth/token`
/// and `GET /.well-known/…`. `GET /dev/requests` returns the request counts. The services are a value behind a lock; the
/// caller provides the server.
package final class DevPeers: Sendable {
    package struct Configuration: Sendable {
        package var seed: DevSeed
        /// The key that signs tokens.
        package var signingKey: SigningKey
        /// Whether the stores start with the seed's parameters and secrets.
        package var isSeeded = true
        /// Whether AWS requests must be signed with the seed's access key (Signature Version 4).
        package var checksSignatures = true
        /// Whether requests signed with another access key are accepted without a check, so that any tool with any
        /// credentials can read the stores. Signatures with the seed's own key are still checked.
        package var acceptsForeignKeys = false
        /// The request quotas of Parameter Store; nil for none.
        package var parameterStoreQuotas: ParameterStoreQuotas? = ParameterStoreQuotas()
        /// Whether the issuer limits token requests to ``IssuerPeer/tokensPerSecond`` and sends `x-ratelimit-*`.
        package var limitsIssuer = true
        /// The tokens an hour before the issuer sends 429; nil for no quota and no header.
        package var issuerHourlyQuota: Int64?
        /// The lifetime of tokens, in whole seconds.
        package var tokenLifetime: Duration = .seconds(86_400)

        package init(seed: DevSeed, signingKey: SigningKey) {
            self.seed = seed
            self.signingKey = signingKey
        }
    }

    private let state: Mutex<DevState>
    private let time: Timing

    package init(_ configuration: Configuration, time: Timing = .system) {
        self.time = time
        state = Mutex(DevState(configuration, now: time.now()))
    }

    /// Answers one request.
    package func respond(to request: HTTPRequest) -> HTTPResponse {
        let now = time.now()
        return state.withLock { $0.respond(to: request, now: now) }
    }

    /// ``respond(to:)`` as the handler of a server.
    package var handler: SimpleHandler { { request in self.respond(to: request) } }

    /// ``respond(to:)`` as the transport of a client, for tests without a socket. Sets `Host` to the origin.
    package var transport: HTTPTransport {
        { request, origin, _ async throws(HTTPClientError) in
            var request = request
            request.fields["Host"] = origin.authority
            return self.respond(to: request)
        }
    }

    /// The requests so far.
    package var counts: RequestCounts { state.withLock { $0.counts } }

    // MARK: For tests

    /// Injects each fault into one request to a service, in order.
    package func inject(_ faults: [DevFault], into service: EmulatedService) {
        state.withLock { $0.faults.queue(faults, for: service) }
    }

    /// Injects a fault into every request to a service, until it is called with nil.
    package func hold(_ fault: DevFault?, for service: EmulatedService) {
        state.withLock { $0.faults.hold(fault, for: service) }
    }

    /// Changes the lifetime of tokens issued from now on.
    package func setTokenLifetime(_ lifetime: Duration) { state.withLock { $0.issuer.tokenLifetime = lifetime } }
}
