internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyNet

/// Assigns requests to connections. It runs on the event loop of the client and carries out what the ``ConnectionPool`` of
/// each destination decides.
final class ClientDispatcher {
    let configuration: HTTPClient.Configuration
    let resolver: NameResolver
    private let key: LoopObjectID
    private var pools: [Destination: ConnectionPool] = [:]
    private var connections: [Destination: [ConnectionPool.ConnectionID: ClientConnection]] = [:]
    private var requests: [UInt64: PendingRequest] = [:]
    private var tls: TLSContext?
    private var isShutDown = false

    init(configuration: HTTPClient.Configuration, resolver: NameResolver, key: LoopObjectID) {
        self.configuration = configuration
        self.resolver = resolver
        self.key = key
    }

    // MARK: Requests

    func begin(_ request: PendingRequest, on loop: EventLoop) {
        guard !isShutDown else { return request.end(.failure(.shutDown), on: loop) }
        guard request.deadline > loop.now else { return request.end(.failure(.timedOut), on: loop) }
        requests[request.id] = request
        request.timer = loop.schedule(at: request.deadline) { loop in
            request.timer = nil
            self.deadlinePassed(request, on: loop)
        }
        assign(request, on: loop)
    }

    private func assign(_ request: PendingRequest, on loop: EventLoop) {
        let destination = request.destination
        switch changePool(destination, { $0.assign(request.id, requiresNew: request.isRetry) }) {
        case .reuse(let id):
            guard let connection = connections[destination]?[id] else {
                return fail(request, .closedBeforeResponse, on: loop)
            }
            connection.send(request, on: loop)
        case .connect(let id): connect(id, for: request, on: loop)
        case .wait: break
        case .reject: fail(request, .shutDown, on: loop)
        }
    }

    private func deadlinePassed(_ request: PendingRequest, on loop: EventLoop) {
        if let connection = request.connection {
            connection.fail(.timedOut, on: loop)
        } else {
            pools[request.destination]?.cancel(request.id)
        }
        fail(request, .timedOut, on: loop)
    }

    /// Completes a request with an error.
    func fail(_ request: PendingRequest, _ error: HTTPClientError, on loop: EventLoop) {
        requests[request.id] = nil
        request.end(.failure(error), on: loop)
    }

    /// Completes a request with its response.
    func succeed(_ request: PendingRequest, _ response: HTTPResponse, on loop: EventLoop) {
        requests[request.id] = nil
        request.end(with: response, limit: configuration.response.bodyBytes, on: loop)
    }

    /// Sends a request again on a new connection, because the peer had closed the kept-alive one (RFC 9112 §9.3.1).
    func retry(_ request: PendingRequest, on loop: EventLoop) {
        request.markRetry()
        assign(request, on: loop)
    }

    // MARK: Connections

    private func connect(_ id: ConnectionPool.ConnectionID, for request: PendingRequest, on loop: EventLoop) {
        let connection = ClientConnection(id: id, destination: request.destination, dispatcher: self)
        connections[request.destination, default: [:]][id] = connection
        connection.open(for: request, on: loop)
    }

    /// A connection has completed its request and may carry another.
    func released(_ connection: ClientConnection, on loop: EventLoop) {
        let next = changePool(connection.destination) { $0.released(connection.id) }
        carryOut(next, destination: connection.destination, on: loop)
    }

    /// A connection is closed.
    func closed(_ connection: ClientConnection, on loop: EventLoop) {
        let destination = connection.destination
        connections[destination]?[connection.id] = nil
        guard !isShutDown else { return }
        carryOut(changePool(destination) { $0.closed(connection.id) }, destination: destination, on: loop)
        if pools[destination]?.isEmpty == true {
            pools[destination] = nil
            connections[destination] = nil
        }
    }

    private func carryOut(_ next: ConnectionPool.Next, destination: Destination, on loop: EventLoop) {
        switch next {
        case .keepIdle, .nothing: break
        case .send(let requestID, let id):
            guard let request = requests[requestID], let connection = connections[destination]?[id] else { return }
            connection.send(request, on: loop)
        case .connect(let id, let requestID):
            guard let request = requests[requestID] else { return }
            connect(id, for: request, on: loop)
        }
    }

    /// The context of all TLS connections, created for the first of them, because reading the certificates of the system takes
    /// longer than the rest of the start.
    func tlsContext() throws(TLSError) -> TLSContext {
        if let tls { return tls }
        let context = try TLSContext(clientTrusting: configuration.trust)
        tls = context
        return context
    }

    func shutDown(on loop: EventLoop) {
        isShutDown = true
        for connection in connections.values.flatMap(\.values) { connection.fail(.shutDown, on: loop) }
        for request in Array(requests.values) { fail(request, .shutDown, on: loop) }
        connections = [:]
        loop.loopObjects[key] = nil
    }

    private func changePool<Result>(_ destination: Destination, _ change: (inout ConnectionPool) -> Result) -> Result {
        let empty = ConnectionPool(
            maxConnections: configuration.maxConnectionsPerOrigin, maxWaiting: configuration.maxWaitingPerOrigin)
        return change(&pools[destination, default: empty])
    }
}
