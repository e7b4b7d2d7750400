package import LatchkeyCore
package import LatchkeyCrypto
package import LatchkeyNet
internal import Synchronization

/// The client for upstreams: HTTP/1.1, plain or over TLS, kept-alive connections, a bound on everything.
///
/// It runs on an event loop of its own, so that a handshake or a large answer never holds up a worker. Redirects are
/// not followed, cookies not kept, credentials not remembered.
package final class HTTPClient: Sendable {
    /// Every bound of the client, whom it trusts, and how it finds and reaches hosts.
    package struct Configuration: Sendable {
        /// From the first attempt to connect to an established connection, all addresses of the host together.
        package var connectTimeout: Duration = .seconds(3)
        /// One TLS handshake: with a proxy, with the origin.
        package var handshakeTimeout: Duration = .seconds(3)
        /// A proxy's answer to CONNECT, for which it has to reach the origin.
        package var tunnelTimeout: Duration = .seconds(10)
        /// From the request's last byte to the end of the response's head. The deadline of the request holds besides.
        package var headTimeout: Duration = .seconds(30)
        /// A connection that has had no request for so long is closed.
        package var idleTimeout: Duration = .seconds(45)
        package var maxConnectionsPerOrigin = 64
        /// Requests that wait for a connection of one origin; one more fails at once.
        package var maxWaitingPerOrigin = 10_000
        /// Head, field, body and interim bounds of a response; the body's holds for the inflated one too.
        package var response = ResponseLimits()
        package var trust = TLSTrust.system
        /// The proxies on the way. None is the default: only calls to upstreams go through one.
        package var proxies = ProxySettings()
        package var names = NameCache.Limits()
        /// A name's addresses in the order in which they are tried. Blocks; empty where there are none.
        package var lookUp: @Sendable (String) -> [SocketAddress] = SystemResolver.lookUp

        package init() {}
    }

    private let loop: LoopHandle
    private let key = LoopObjectID()
    private let serial = Atomic<UInt64>(0)
    private let configuration: Configuration

    /// Starts the client's loop.
    /// - Throws: when the process has no descriptors left.
    package init(configuration: Configuration = Configuration()) throws(SystemError) {
        self.configuration = configuration
        loop = try EventLoop.start(name: "latchkey.client")
        let key = key
        loop.submit { loop in
            let names = LoopObjectID()
            let resolver = NameResolver(key: names, limits: configuration.names, lookUp: configuration.lookUp)
            loop.residents[names] = resolver
            loop.residents[key] = ClientDispatcher(configuration: configuration, resolver: resolver, key: key)
        }
    }

    deinit { loop.stop() }

    /// Sends a request and gives the whole response.
    ///
    /// A request whose kept-alive connection turns out to be closed before a byte of the response has come is sent
    /// once more on a new one (RFC 9112 §9.3.1), unless it is to be sent once: the peer closed while it was idle and has
    /// not seen it, as far as that can be told.
    /// - Parameter deadline: for everything together; then the connection is closed and ``HTTPClientError/timedOut`` thrown.
    package func execute(
        _ request: HTTPRequest, to origin: Origin, deadline: MonotonicTime
    ) async throws(HTTPClientError) -> HTTPResponse {
        let bytes: [UInt8]
        let destination = Destination(origin: origin, isDirect: request.isDirect)
        do throws(RequestEncoder.EncodingError) {
            switch destination.route(configuration.proxies) {
            case .direct, .tunnel: bytes = try RequestEncoder.encode(request, authority: origin.authority)
            case .forward(let proxy): bytes = try RequestEncoder.encode(request, authority: origin.authority, by: proxy)
            }
        } catch {
            throw .malformed(reason: "the request cannot be written as HTTP/1.1")
        }
        let id = serial.add(1, ordering: .relaxed).newValue
        let acceptsGzip = Negotiation.acceptsGzip(request.fields["Accept-Encoding"])
        let key = key
        let result: Result<HTTPResponse, HTTPClientError> = await withCheckedContinuation { continuation in
            let accepted = loop.submit { loop in
                guard let dispatcher = loop.residents[key] as? ClientDispatcher else {
                    return continuation.resume(returning: .failure(.shutDown))
                }
                let pending = PendingRequest(
                    id: id, destination: destination, method: request.method, bytes: bytes, acceptsGzip: acceptsGzip,
                    isSentOnce: request.isSentOnce, deadline: deadline, finish: { continuation.resume(returning: $0) })
                dispatcher.begin(pending, on: loop)
            }
            if !accepted { continuation.resume(returning: .failure(.shutDown)) }
        }
        return try result.get()
    }

    /// Ends every connection; requests under way fail with ``HTTPClientError/shutDown``.
    package func shutdown() {
        let key = key
        loop.submit { loop in (loop.residents[key] as? ClientDispatcher)?.shutDown(on: loop) }
        loop.stop()
    }

    /// ``execute(_:to:deadline:)`` as the closure upstream rooms take.
    package var transport: HTTPTransport {
        { request, origin, deadline async throws(HTTPClientError) in
            try await self.execute(request, to: origin, deadline: deadline)
        }
    }
}
