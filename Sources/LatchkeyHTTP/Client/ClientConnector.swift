internal import Glibc
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyNet

/// Opens one connection: tries the addresses of the host in order, opens a tunnel through a proxy, and starts TLS. No byte of
/// a request is sent before that.
final class ClientConnector {
    /// Called once, with an established socket or the error.
    typealias Completion = (Result<ClientSocket, HTTPClientError>, EventLoop) -> Void

    private enum Phase {
        case resolving
        case connecting
        case proxyHandshake
        case tunnelling(ProxyTunnel)
        case handshaking
        case done
    }

    private let origin: Origin
    private let route: ProxySettings.Route
    private let dispatcher: ClientDispatcher
    /// Registered for the events of the socket. It passes them to ``ready(_:on:)``.
    private weak var handler: (any EventHandler)?
    private var completion: Completion?
    private var phase = Phase.resolving
    private var socket: ClientSocket?
    private var addresses: [SocketAddress] = []
    private var deadline = MonotonicTime.distantFuture
    private var lastErrno: Int32 = 0
    private var timer: TimerID?
    private var lookupHandle: NameResolver.Handle?
    /// The answer being tried, if it came from the cache and may be out of date.
    private var cachedAnswer: NameCache.Answer?

    init(
        to origin: Origin, by route: ProxySettings.Route, dispatcher: ClientDispatcher, handler: any EventHandler,
        completion: @escaping Completion
    ) {
        self.origin = origin
        self.route = route
        self.dispatcher = dispatcher
        self.handler = handler
        self.completion = completion
    }

    /// The host to connect to: the proxy, or the origin if there is no proxy.
    private var host: String { route.proxy?.host ?? origin.host }
    private var port: UInt16 { route.proxy?.port ?? origin.port }

    // MARK: Addresses

    func start(on loop: EventLoop) {
        // Unix sockets never go through a proxy, which could not reach them.
        if let path = origin.socketPath { return connect(to: [.unix(path: path)], on: loop) }
        var isKnown = true
        lookupHandle = dispatcher.resolver.resolve(host, on: loop) { answer in
            guard let answer else { return self.fail(.nameNotResolved, on: loop) }
            if isKnown { self.cachedAnswer = answer }
            self.connect(to: answer.addresses, on: loop)
        }
        isKnown = false
    }

    private func connect(to addresses: [SocketAddress], on loop: EventLoop) {
        lookupHandle = nil
        self.addresses = addresses.map { $0.withPort(port) }
        deadline = loop.now + dispatcher.configuration.connectTimeout
        connectNext(on: loop)
    }

    /// Tries the next address. Each address gets an equal share of the remaining time, so that an address that drops packets
    /// leaves time for the others.
    private func connectNext(on loop: EventLoop) {
        phase = .connecting
        socket = nil
        guard let handler, !addresses.isEmpty else {
            return addressesFailed(.connectFailed(errno: lastErrno), on: loop)
        }
        let share = (deadline - loop.now) / addresses.count
        let address = addresses.removeFirst()
        do throws(SystemError) {
            var outcome = Socket.Connecting.inProgress
            let raw = try Socket.connecting(to: address, outcome: &outcome)
            if case .failed(let errno) = outcome {
                lastErrno = errno
                return connectNext(on: loop)
            }
            socket = try ClientSocket(raw, handler: handler, on: loop)
        } catch {
            // The process has no descriptors left, so another address would fail, too.
            return fail(.connectFailed(errno: error.errno), on: loop)
        }
        setTimer(at: loop.now + share, on: loop) { loop in
            self.lastErrno = ETIMEDOUT
            self.socket?.close(on: loop)
            if self.addresses.isEmpty { return self.addressesFailed(.connectTimedOut, on: loop) }
            self.connectNext(on: loop)
        }
    }

    /// All addresses have failed. If they came from the cache, waits for a newer lookup and tries its addresses, unless they
    /// are the same.
    private func addressesFailed(_ error: HTTPClientError, on loop: EventLoop) {
        let error = attributed(error)
        guard isReachingHost, let known = cachedAnswer else { return fail(error, on: loop) }
        cachedAnswer = nil
        phase = .resolving
        socket?.close(on: loop)
        socket = nil
        setTimer(at: loop.now + dispatcher.configuration.connectTimeout, on: loop) { self.fail(error, on: $0) }
        lookupHandle = dispatcher.resolver.resolve(host, newerThan: known.generation, on: loop) { answer in
            guard let answer, Set(answer.addresses) != Set(known.addresses) else { return self.fail(error, on: loop) }
            self.connect(to: answer.addresses, on: loop)
        }
    }

    // MARK: Handshakes

    /// Handles events of the socket.
    func ready(_ readiness: Readiness, on loop: EventLoop) {
        if case .connecting = phase { return connected(on: loop) }
        guard let socket else { return }
        do throws(ClientSocket.SocketError) {
            guard let (plaintext, end) = try socket.process(readiness, on: loop) else { return }
            received(plaintext, hasEnded: end != nil, on: loop)
        } catch {
            connectionFailed(error, on: loop)
        }
    }

    private func connected(on loop: EventLoop) {
        let error = socket?.pendingError() ?? ECONNREFUSED
        if error != 0 {
            lastErrno = error
            socket?.close(on: loop)
            return connectNext(on: loop)
        }
        if let proxy = route.proxy, proxy.scheme == .https {
            phase = .proxyHandshake
            startTLS(host: proxy.host, on: loop)
        } else {
            hostConnected(on: loop)
        }
    }

    /// The connection to the origin or the proxy is established, including TLS with the proxy.
    private func hostConnected(on loop: EventLoop) {
        switch route {
        case .direct: origin.scheme == .https ? handshake(on: loop) : succeed(on: loop)
        case .forward: succeed(on: loop)
        case .tunnel(let proxy):
            let tunnel = ProxyTunnel(to: origin, by: proxy)
            phase = .tunnelling(tunnel)
            setTimer(at: loop.now + dispatcher.configuration.tunnelTimeout, on: loop) { self.fail(.timedOut, on: $0) }
            do throws(ClientSocket.SocketError) { try socket?.send(tunnel.request, on: loop) } catch {
                connectionFailed(error, on: loop)
            }
        }
    }

    private func handshake(on loop: EventLoop) {
        phase = .handshaking
        startTLS(host: origin.host, on: loop)
    }

    private func startTLS(host: String, on loop: EventLoop) {
        setTimer(at: loop.now + dispatcher.configuration.handshakeTimeout, on: loop) { self.fail(.timedOut, on: $0) }
        do throws(TLSError) {
            let context = try dispatcher.tlsContext()
            do throws(ClientSocket.SocketError) {
                try socket?.startTLS(host: host, context: context, on: loop)
            } catch {
                connectionFailed(error, on: loop)
            }
        } catch {
            fail(HTTPClientError(error), on: loop)
        }
    }

    private func received(_ bytes: [UInt8], hasEnded: Bool, on loop: EventLoop) {
        switch phase {
        case .proxyHandshake where socket?.isEstablished ?? false && bytes.isEmpty: hostConnected(on: loop)
        case .handshaking where socket?.isEstablished ?? false && bytes.isEmpty: return succeed(on: loop)
        case .tunnelling(var tunnel):
            let progress = bytes.withUnsafeBytes { tunnel.receive($0) }
            switch progress {
            case .incomplete: phase = .tunnelling(tunnel)
            case .open: return handshake(on: loop)
            case .failed(let reason): return failByProxy(reason, on: loop)
            }
        default:
            // Bytes before the request must not become its response (RFC 9112 §9.2).
            if !bytes.isEmpty { return fail(.malformed(reason: "bytes before the request"), on: loop) }
        }
        if hasEnded { connectionFailed(.reset(errno: 0), on: loop) }
    }

    /// The connection is broken.
    private func connectionFailed(_ failure: ClientSocket.SocketError, on loop: EventLoop) {
        switch (failure, phase) {
        case (.tls(let error), _): addressesFailed(HTTPClientError(error), on: loop)
        case (.reset, .tunnelling): fail(.closedBeforeResponse, on: loop)
        case (.reset, _): addressesFailed(.tlsFailed(reason: "closed in the handshake"), on: loop)
        }
    }

    // MARK: Ending

    private func succeed(on loop: EventLoop) {
        guard let socket else { return fail(.connectFailed(errno: ECONNREFUSED), on: loop) }
        self.socket = nil
        end(.success(socket), on: loop)
    }

    private func fail(_ error: HTTPClientError, on loop: EventLoop) {
        let attributed = attributed(error)
        socket?.close(on: loop)
        socket = nil
        end(.failure(attributed), on: loop)
    }

    private func failByProxy(_ reason: ProxyError.Reason, on loop: EventLoop) {
        guard let proxy = route.proxy else { return fail(.malformed(reason: "an answer to CONNECT"), on: loop) }
        socket?.close(on: loop)
        socket = nil
        end(.failure(.proxy(ProxyError(proxy, reason))), on: loop)
    }

    /// Whether an error now concerns the host being connected to, and not an origin behind a proxy.
    private var isReachingHost: Bool {
        if case .handshaking = phase { return route.proxy == nil }
        return true
    }

    /// The error, as one of the proxy while the proxy is being reached.
    func attributed(_ error: HTTPClientError) -> HTTPClientError {
        guard isReachingHost else { return error }
        return route.proxy.flatMap { ProxyError(error, at: $0) }.map { .proxy($0) } ?? error
    }

    /// Cancels the attempt without calling the completion.
    func cancel(on loop: EventLoop) {
        completion = nil
        socket?.close(on: loop)
        socket = nil
        end(.failure(.shutDown), on: loop)
    }

    private func end(_ result: Result<ClientSocket, HTTPClientError>, on loop: EventLoop) {
        phase = .done
        if let timer { loop.cancel(timer) }
        timer = nil
        if let lookupHandle { dispatcher.resolver.cancel(lookupHandle) }
        lookupHandle = nil
        let completion = completion
        self.completion = nil
        completion?(result, loop)
    }

    private func setTimer(at time: MonotonicTime, on loop: EventLoop, _ action: @escaping (EventLoop) -> Void) {
        if let timer { loop.cancel(timer) }
        timer = loop.schedule(at: time) { loop in
            self.timer = nil
            action(loop)
        }
    }
}
