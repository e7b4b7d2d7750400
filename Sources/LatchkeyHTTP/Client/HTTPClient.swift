package import LatchkeyCore
package import LatchkeyCrypto
package import LatchkeyNet
internal import Synchronization

/// The HTTP/1.1 client for upstreams, plain or over TLS, with kept-alive connections and a limit on every resource.
///
/// It runs on its own event loop, so that a handshake or a large response never delays a worker of the server. It follows
/// no redirects and stores no cookies or credentials.
package final class HTTPClient: Sendable {
    /// The limits, timeouts, trust, name resolution and proxies of a client.
    package struct Configuration: Sendable {
        /// For connecting, with all addresses of the host together.
        package var connectTimeout: Duration = .seconds(3)
        /// For each TLS handshake, with the proxy and with the origin.
        package var handshakeTimeout: Duration = .seconds(3)
        /// For the response of a proxy to CONNECT, for which the proxy must connect to the origin.
        package var tunnelTimeout: Duration = .seconds(10)
        /// From sending the request to the start of the response body. The deadline of the request applies as well.
        package var headTimeout: Duration = .seconds(30)
        /// After this time without a request a connection is closed.
        package var idleTimeout: Duration = .seconds(45)
        package var maxConnectionsPerOrigin = 64
        /// The maximum number of requests that wait for a connection of one origin. A further one fails at once.
        package var maxWaitingPerOrigin = 10_000
        /// The limits on a response. The limit on the body also applies after decompression.
        package var response = ResponseLimits()
        package var trust = TLSTrust.system
        /// The proxies to use. The default is none.
        package var proxies = ProxySettings()
        package var names = NameCache.Limits()
        /// Gets a span for each call that is made for a request of a recorded trace; nil for none.
        package var spans: SpanQueue?
        /// Looks up the addresses of a name, in the order in which they are tried. Blocks; empty when there are none.
        package var lookUp: @Sendable (String) -> [SocketAddress] = SystemResolver.lookUp

        package init() {}
    }

    /// The event loop of the client.
    package let loop: LoopHandle
    private let key = LoopObjectID()
    private let serial = Atomic<UInt64>(0)
    private let configuration: Configuration

    /// Starts the event loop of the client.
    ///
    /// - Throws: when the process has no descriptors left.
    package init(configuration: Configuration = Configuration()) throws(SystemError) {
        self.configuration = configuration
        loop = try EventLoop.start(name: "latchkey.client")
        let key = key
        loop.submit { loop in
            let names = LoopObjectID()
            let resolver = NameResolver(key: names, limits: configuration.names, lookUp: configuration.lookUp)
            loop.loopObjects[names] = resolver
            loop.loopObjects[key] = ClientDispatcher(configuration: configuration, resolver: resolver, key: key)
        }
    }

    deinit { loop.stop() }

    /// Sends a request and returns its response.
    ///
    /// If a kept-alive connection closes before a byte of the response, the peer has most likely closed it while it was idle.
    /// The request is then sent once more on a new connection (RFC 9112 §9.3.1), unless ``HTTPRequest/isSentOnce`` is set.
    /// - Parameter deadline: for all phases together. After it the connection is closed and ``HTTPClientError/timedOut`` is
    ///   thrown.
    package func execute(
        _ request: HTTPRequest, to origin: Origin, deadline: MonotonicTime
    ) async throws(HTTPClientError) -> HTTPResponse {
        let bytes: [UInt8]
        let destination = Destination(origin: origin, bypassesProxy: request.bypassesProxy)
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
                guard let dispatcher = loop.loopObjects[key] as? ClientDispatcher else {
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

    /// Closes every connection. Pending requests fail with ``HTTPClientError/shutDown``.
    package func shutdown() {
        let key = key
        loop.submit { loop in (loop.loopObjects[key] as? ClientDispatcher)?.shutDown(on: loop) }
        loop.stop()
    }

    /// ``execute(_:to:deadline:)`` as the closure that callers of upstreams take.
    ///
    /// A call for a request that belongs to a trace gets a span of its own in it. The field is not among those that a
    /// signature covers.
    package var transport: HTTPTransport {
        { request, origin, deadline async throws(HTTPClientError) in
            guard let trace = TraceContext.current else {
                return try await self.execute(request, to: origin, deadline: deadline)
            }
            let span = trace.child()
            var traced = request
            traced.fields["traceparent"] = span.header
            let started = MonotonicTime.current
            do throws(HTTPClientError) {
                let response = try await self.execute(traced, to: origin, deadline: deadline)
                self.note(span, in: trace, request.method, origin, since: started, .success(response.status))
                return response
            } catch {
                self.note(span, in: trace, request.method, origin, since: started, .failure(error))
                throw error
            }
        }
    }

    /// Adds the span of a call (OpenTelemetry, semantic conventions for HTTP clients). The path stays out of it, which
    /// may hold the name of a secret.
    private func note(
        _ span: TraceContext, in trace: TraceContext, _ method: String, _ origin: Origin, since started: MonotonicTime,
        _ result: Result<Int, HTTPClientError>
    ) {
        guard let spans = configuration.spans, trace.isSampled else { return }
        var attributes: [(name: String, value: Span.Value)] = [
            ("http.request.method", .text(method)), ("server.address", .text(origin.host)),
            ("server.port", .number(Int64(origin.port))),
        ]
        let isError: Bool
        switch result {
        case .success(let status):
            attributes.append(("http.response.status_code", .number(Int64(status))))
            isError = status >= 400
        case .failure(let error):
            attributes.append(("error.type", .text(error.label)))
            isError = true
        }
        spans.add(
            span, in: trace, .client, "\(method) \(origin.host)", from: started, attributes: attributes,
            isError: isError)
    }
}
