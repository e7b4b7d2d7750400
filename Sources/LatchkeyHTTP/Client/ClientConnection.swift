internal import Glibc
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyNet

/// One connection to an origin: connects, shakes hands, carries one request at a time, rests in between.
final class ClientConnection: EventHandler {
    private enum State {
        case resolving
        case connecting
        case handshaking
        case idle
        case busy
        case closed
    }

    let id: ConnectionPool.ConnectionID
    let origin: Origin
    private let dispatcher: ClientDispatcher
    private var state = State.resolving
    private var exchange: ClientExchange?
    private var socket: ClientSocket?
    private var addresses: [SocketAddress] = []
    private var connectDeadline = MonotonicTime.distantFuture
    private var lastErrno: Int32 = 0
    private var parser = ResponseParser(method: "GET")
    private var requestsSent = 0
    private var timer: TimerID?

    init(id: ConnectionPool.ConnectionID, origin: Origin, dispatcher: ClientDispatcher) {
        self.id = id
        self.origin = origin
        self.dispatcher = dispatcher
    }

    // MARK: Opening

    func open(for exchange: ClientExchange, resolver: NameResolver, on loop: EventLoop) {
        self.exchange = exchange
        exchange.connection = self
        resolver.resolve(origin.host, port: origin.port, on: loop) { result in
            guard self.state == .resolving else { return }
            switch result {
            case .failure(let error): self.fail(error, on: loop)
            case .success(let addresses):
                self.addresses = addresses
                self.connectDeadline = loop.now + self.dispatcher.configuration.connectTimeout
                self.connectNext(on: loop)
            }
        }
    }

    /// Tries the next address. Each gets an equal share of what is left of the time, so that one that swallows packets
    /// does not use up the others' turn.
    private func connectNext(on loop: EventLoop) {
        state = .connecting
        socket = nil
        guard !addresses.isEmpty else { return fail(.connectFailed(errno: lastErrno), on: loop) }
        let share = (connectDeadline - loop.now) / addresses.count
        let address = addresses.removeFirst()
        do throws(SystemError) {
            var outcome = Socket.Connecting.inProgress
            let raw = try Socket.connecting(to: address, outcome: &outcome)
            if case .failed(let errno) = outcome {
                lastErrno = errno
                return connectNext(on: loop)
            }
            socket = try ClientSocket(raw, handler: self, on: loop)
        } catch {
            lastErrno = error.errno
            return fail(.connectFailed(errno: error.errno), on: loop)
        }
        setTimer(at: loop.now + share, on: loop) { loop in
            self.lastErrno = ETIMEDOUT
            if self.addresses.isEmpty { return self.fail(.connectTimedOut, on: loop) }
            self.socket?.close(on: loop)
            self.connectNext(on: loop)
        }
    }

    private func connected(on loop: EventLoop) {
        let error = socket?.pendingError() ?? ECONNREFUSED
        if error != 0 {
            lastErrno = error
            socket?.close(on: loop)
            return connectNext(on: loop)
        }
        guard origin.scheme == .https else { return ready(on: loop) }
        state = .handshaking
        setTimer(at: loop.now + dispatcher.configuration.handshakeTimeout, on: loop) { self.fail(.timedOut, on: $0) }
        do throws(TLSError) {
            try socket?.startTLS(host: origin.host, context: dispatcher.tlsContext(), on: loop)
        } catch {
            fail(Self.clientError(error), on: loop)
        }
    }

    /// Connected and, for https, verified: only now is a byte of the request sent.
    private func ready(on loop: EventLoop) {
        cancelTimer(on: loop)
        state = .idle
        guard let exchange else { return dispatcher.released(self, on: loop) }
        send(exchange, on: loop)
    }

    // MARK: Exchanging

    func send(_ exchange: ClientExchange, on loop: EventLoop) {
        guard state == .idle, let socket else { return dispatcher.fail(exchange, .closedBeforeResponse, on: loop) }
        self.exchange = exchange
        exchange.connection = self
        state = .busy
        requestsSent += 1
        parser = ResponseParser(method: exchange.method, limits: dispatcher.configuration.response)
        setTimer(at: loop.now + dispatcher.configuration.headTimeout, on: loop) { loop in
            if !self.parser.isInBody { self.fail(.timedOut, on: loop) }
        }
        do throws(ClientSocket.Failure) {
            try socket.send(exchange.bytes, on: loop)
        } catch {
            lost(error, on: loop)
        }
    }

    func ready(_ readiness: Readiness, on loop: EventLoop) {
        if state == .connecting { return connected(on: loop) }
        guard let socket, state != .closed else { return }
        do throws(ClientSocket.Failure) {
            if readiness.contains(.write) { try socket.flush(on: loop) }
            guard readiness.rawValue & ~Readiness.write.rawValue != 0 else { return }
            let (plaintext, ended) = try socket.receive(on: loop)
            if state == .handshaking, socket.isEstablished { ready(on: loop) }
            if !plaintext.isEmpty { received(plaintext, on: loop) }
            if let ended { finished(ended, on: loop) }
        } catch {
            lost(error, on: loop)
        }
    }

    private func received(_ bytes: [UInt8], on loop: EventLoop) {
        // Nothing was asked for: whatever this is, it must not become the next request's answer.
        guard state == .busy, exchange != nil else { return close(on: loop) }
        do throws(ResponseParser.Refusal) {
            let progress = try bytes.withUnsafeBufferPointer { pointer throws(ResponseParser.Refusal) in
                try parser.receive(UnsafeRawBufferPointer(pointer))
            }
            guard case .complete(let consumed) = progress else { return }
            complete(mayReuse: parser.mayReuseConnection && consumed == bytes.count, on: loop)
        } catch {
            fail(Self.clientError(error), on: loop)
        }
    }

    private func complete(mayReuse: Bool, on loop: EventLoop) {
        guard let exchange else { return }
        self.exchange = nil
        exchange.connection = nil
        let response = parser.response
        if mayReuse {
            state = .idle
            setTimer(at: loop.now + dispatcher.configuration.idleTimeout, on: loop) { self.close(on: $0) }
            dispatcher.succeed(exchange, response, on: loop)
            dispatcher.released(self, on: loop)
        } else {
            close(on: loop)
            dispatcher.succeed(exchange, response, on: loop)
        }
    }

    /// The peer has finished sending; `clean` says whether it said so (TLS) or needs not (plain).
    private func finished(_ end: ClientSocket.End, on loop: EventLoop) {
        guard state == .busy else {
            return state == .handshaking
                ? fail(.tlsFailed(reason: "closed in the handshake"), on: loop) : close(on: loop)
        }
        do throws(ResponseParser.Refusal) {
            if end == .truncated { throw .truncated }
            try parser.connectionClosed()
            complete(mayReuse: false, on: loop)
        } catch {
            lost(.reset(errno: 0), on: loop)
        }
    }

    /// The connection broke.
    private func lost(_ failure: ClientSocket.Failure, on loop: EventLoop) {
        if case .tls(let error) = failure { return fail(Self.clientError(error), on: loop) }
        guard state == .busy, let exchange else { return fail(.connectFailed(errno: lastErrno), on: loop) }
        if parser.hasBegun { return fail(.truncated, on: loop) }
        guard requestsSent > 1, !exchange.isRetry, !exchange.isSentOnce else {
            return fail(.closedBeforeResponse, on: loop)
        }
        self.exchange = nil
        exchange.connection = nil
        close(on: loop)
        dispatcher.retry(exchange, on: loop)
    }

    // MARK: Ending

    /// Ends the connection and the exchange on it.
    func fail(_ error: HTTPClientError, on loop: EventLoop) {
        let exchange = exchange
        self.exchange = nil
        exchange?.connection = nil
        close(on: loop)
        if let exchange { dispatcher.fail(exchange, error, on: loop) }
    }

    private func close(on loop: EventLoop) {
        if state == .closed { return }
        state = .closed
        cancelTimer(on: loop)
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

    private static func clientError(_ refusal: ResponseParser.Refusal) -> HTTPClientError {
        switch refusal {
        case .malformed(let reason): .malformed(reason: reason)
        case .tooLarge: .tooLarge
        case .truncated: .truncated
        }
    }

    private static func clientError(_ error: TLSError) -> HTTPClientError {
        switch error {
        case .certificate(let reason), .failed(let reason): .tlsFailed(reason: reason)
        case .truncated: .truncated
        case .unusableFile(let path): .tlsFailed(reason: "cannot read certificates from \(path)")
        }
    }
}
