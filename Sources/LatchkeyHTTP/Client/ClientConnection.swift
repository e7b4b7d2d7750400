internal import LatchkeyCore
internal import LatchkeyNet

/// One connection to an origin. It carries one request at a time, and is idle between requests.
final class ClientConnection: EventHandler {
    private enum State {
        case opening
        case idle
        case busy
        case closed
    }

    let id: ConnectionPool.ConnectionID
    let destination: Destination
    private let dispatcher: ClientDispatcher
    private let route: ProxySettings.Route
    private var state = State.opening
    private var request: PendingRequest?
    private var connector: ClientConnector?
    private var socket: ClientSocket?
    private var parser = ResponseParser(method: "GET")
    private var requestsSent = 0
    private var timer: TimerID?

    init(id: ConnectionPool.ConnectionID, destination: Destination, dispatcher: ClientDispatcher) {
        self.id = id
        self.destination = destination
        self.dispatcher = dispatcher
        route = destination.route(dispatcher.configuration.proxies)
    }

    // MARK: Opening

    func open(for request: PendingRequest, on loop: EventLoop) {
        self.request = request
        request.connection = self
        let connector = ClientConnector(
            to: destination.origin, by: route, dispatcher: dispatcher, handler: self
        ) { [weak self] result, loop in self?.opened(result, on: loop) }
        self.connector = connector
        connector.start(on: loop)
    }

    /// The connection is established and, for https, the certificate is verified. Only now is the request sent.
    private func opened(_ result: Result<ClientSocket, HTTPClientError>, on loop: EventLoop) {
        connector = nil
        guard state == .opening else { return }
        switch result {
        case .failure(let error): fail(error, on: loop)
        case .success(let socket):
            self.socket = socket
            state = .idle
            guard let request else { return dispatcher.released(self, on: loop) }
            send(request, on: loop)
        }
    }

    // MARK: Requests

    func send(_ request: PendingRequest, on loop: EventLoop) {
        guard state == .idle, let socket else { return dispatcher.fail(request, .closedBeforeResponse, on: loop) }
        self.request = request
        request.connection = self
        state = .busy
        requestsSent += 1
        parser = ResponseParser(method: request.method, limits: dispatcher.configuration.response)
        setTimer(at: loop.now + dispatcher.configuration.headTimeout, on: loop) { loop in
            if !self.parser.isInBody { self.fail(.timedOut, on: loop) }
        }
        do throws(ClientSocket.SocketError) {
            try socket.send(request.bytes, on: loop)
        } catch {
            connectionFailed(error, on: loop)
        }
    }

    func ready(_ readiness: Readiness, on loop: EventLoop) {
        if let connector { return connector.ready(readiness, on: loop) }
        guard let socket, state != .closed else { return }
        do throws(ClientSocket.SocketError) {
            guard let (plaintext, end) = try socket.process(readiness, on: loop) else { return }
            if !plaintext.isEmpty { received(plaintext, on: loop) }
            if let end { peerFinished(end, on: loop) }
        } catch {
            connectionFailed(error, on: loop)
        }
    }

    private func received(_ bytes: [UInt8], on loop: EventLoop) {
        // Bytes without a request must not become the response to the next one (RFC 9112 §9.2).
        guard state == .busy, request != nil else { return close(on: loop) }
        do throws(ResponseParser.ParseError) {
            let progress = try bytes.withUnsafeBufferPointer { pointer throws(ResponseParser.ParseError) in
                try parser.receive(UnsafeRawBufferPointer(pointer))
            }
            guard case .complete(let consumed) = progress else { return }
            complete(mayReuse: parser.mayReuseConnection && consumed == bytes.count, on: loop)
        } catch {
            fail(HTTPClientError(error), on: loop)
        }
    }

    private func complete(mayReuse: Bool, on loop: EventLoop) {
        guard let request else { return }
        let response = parser.response
        // An idle connection must not keep the body.
        parser = ResponseParser(method: "GET", limits: dispatcher.configuration.response)
        // A 407 comes from the proxy and not from the origin (RFC 9110 §15.5.8).
        if response.status == 407, case .forward(let proxy) = route {
            return fail(.proxy(ProxyError(proxy, .refused(status: 407))), on: loop)
        }
        self.request = nil
        request.connection = nil
        if mayReuse {
            state = .idle
            setTimer(at: loop.now + dispatcher.configuration.idleTimeout, on: loop) { self.close(on: $0) }
            dispatcher.succeed(request, response, on: loop)
            dispatcher.released(self, on: loop)
        } else {
            close(on: loop)
            dispatcher.succeed(request, response, on: loop)
        }
    }

    /// The peer has ended its stream, which may also end the body (RFC 9112 §6.3 item 8) unless TLS shows truncation
    /// (RFC 9112 §9.8).
    private func peerFinished(_ end: ClientSocket.End, on loop: EventLoop) {
        guard state == .busy else { return close(on: loop) }
        do throws(ResponseParser.ParseError) {
            if end == .truncated { throw .truncated }
            try parser.connectionClosed()
            complete(mayReuse: false, on: loop)
        } catch {
            connectionFailed(.reset(errno: 0), on: loop)
        }
    }

    /// The connection is broken. A request without a byte of response is sent once more on a new connection, if this one had
    /// carried a request before (RFC 9112 §9.3.1).
    private func connectionFailed(_ failure: ClientSocket.SocketError, on loop: EventLoop) {
        if case .tls(let error) = failure { return fail(HTTPClientError(error), on: loop) }
        guard state == .busy, let request else { return fail(.closedBeforeResponse, on: loop) }
        if parser.hasBegun { return fail(.truncated, on: loop) }
        guard requestsSent > 1, !request.isRetry, !request.isSentOnce else {
            return fail(.closedBeforeResponse, on: loop)
        }
        self.request = nil
        request.connection = nil
        close(on: loop)
        dispatcher.retry(request, on: loop)
    }

    // MARK: Ending

    /// Ends the connection and the request on it.
    func fail(_ error: HTTPClientError, on loop: EventLoop) {
        let error = attributed(error)
        let request = request
        self.request = nil
        request?.connection = nil
        close(on: loop)
        if let request { dispatcher.fail(request, error, on: loop) }
    }

    /// The error, as one of the proxy when the connection is to a proxy.
    private func attributed(_ error: HTTPClientError) -> HTTPClientError {
        if let connector { return connector.attributed(error) }
        guard case .forward(let proxy) = route, error == .timedOut || error == .closedBeforeResponse else {
            return error
        }
        return ProxyError(error, at: proxy).map { .proxy($0) } ?? error
    }

    private func close(on loop: EventLoop) {
        if state == .closed { return }
        state = .closed
        cancelTimer(on: loop)
        connector?.cancel(on: loop)
        connector = nil
        socket?.close(on: loop)
        socket = nil
        dispatcher.closed(self, on: loop)
    }

    private func setTimer(at time: MonotonicTime, on loop: EventLoop, _ action: @escaping (EventLoop) -> Void) {
        cancelTimer(on: loop)
        timer = loop.schedule(at: time) { loop in
            self.timer = nil
            action(loop)
        }
    }

    private func cancelTimer(on loop: EventLoop) {
        if let timer { loop.cancel(timer) }
        timer = nil
    }
}
