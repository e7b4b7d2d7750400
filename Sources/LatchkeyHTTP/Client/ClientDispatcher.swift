internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyNet

/// Brings requests and connections together, destination by destination, on the client's loop: carries out what each
/// ``ConnectionPool`` decides.
final class ClientDispatcher {
    let configuration: HTTPClient.Configuration
    let resolver: NameResolver
    private let key: LoopObjectID
    private var pools: [Destination: ConnectionPool] = [:]
    private var connections: [Destination: [ConnectionPool.ConnectionID: ClientConnection]] = [:]
    private var exchanges: [UInt64: ClientExchange] = [:]
    private var tls: TLSContext?
    private var isShutDown = false

    init(configuration: HTTPClient.Configuration, resolver: NameResolver, key: LoopObjectID) {
        self.configuration = configuration
        self.resolver = resolver
        self.key = key
    }

    // MARK: Requests

    func begin(_ exchange: ClientExchange, on loop: EventLoop) {
        guard !isShutDown else { return exchange.end(.failure(.shutDown), on: loop) }
        guard exchange.deadline > loop.now else { return exchange.end(.failure(.timedOut), on: loop) }
        exchanges[exchange.id] = exchange
        exchange.timer = loop.schedule(at: exchange.deadline) { loop in
            exchange.timer = nil
            self.deadlinePassed(exchange, on: loop)
        }
        place(exchange, on: loop)
    }

    private func place(_ exchange: ClientExchange, on loop: EventLoop) {
        let destination = exchange.destination
        switch changePool(destination, { $0.place(exchange.id, fresh: exchange.isRetry) }) {
        case .reuse(let id):
            guard let connection = connections[destination]?[id] else {
                return fail(exchange, .closedBeforeResponse, on: loop)
            }
            connection.send(exchange, on: loop)
        case .connect(let id): connect(id, for: exchange, on: loop)
        case .wait: break
        case .refuse: fail(exchange, .shutDown, on: loop)
        }
    }

    private func deadlinePassed(_ exchange: ClientExchange, on loop: EventLoop) {
        if let connection = exchange.connection {
            connection.fail(.timedOut, on: loop)
        } else {
            pools[exchange.destination]?.abandon(exchange.id)
        }
        fail(exchange, .timedOut, on: loop)
    }

    /// The exchange ends without a response.
    func fail(_ exchange: ClientExchange, _ error: HTTPClientError, on loop: EventLoop) {
        exchanges[exchange.id] = nil
        exchange.end(.failure(error), on: loop)
    }

    /// The exchange has its response.
    func succeed(_ exchange: ClientExchange, _ response: HTTPResponse, on loop: EventLoop) {
        exchanges[exchange.id] = nil
        exchange.end(with: response, limit: configuration.response.bodyBytes, on: loop)
    }

    /// The connection an exchange was sent on had been closed by the peer before: once more, on a new one.
    func retry(_ exchange: ClientExchange, on loop: EventLoop) {
        exchange.markRetry()
        place(exchange, on: loop)
    }

    // MARK: Connections

    private func connect(_ id: ConnectionPool.ConnectionID, for exchange: ClientExchange, on loop: EventLoop) {
        let connection = ClientConnection(id: id, destination: exchange.destination, dispatcher: self)
        connections[exchange.destination, default: [:]][id] = connection
        connection.open(for: exchange, on: loop)
    }

    /// A connection has done its request and may carry another.
    func released(_ connection: ClientConnection, on loop: EventLoop) {
        let next = changePool(connection.destination) { $0.released(connection.id) }
        carryOut(next, destination: connection.destination, on: loop)
    }

    /// A connection is gone.
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
        case .park, .nothing: break
        case .send(let request, let id):
            guard let exchange = exchanges[request], let connection = connections[destination]?[id] else { return }
            connection.send(exchange, on: loop)
        case .connect(let id, let request):
            guard let exchange = exchanges[request] else { return }
            connect(id, for: exchange, on: loop)
        }
    }

    /// The context of every TLS connection, made when the first one needs it: reading the system's certificates takes
    /// longer than all else a start does.
    func tlsContext() throws(TLSError) -> TLSContext {
        if let tls { return tls }
        let context = try TLSContext(clientTrusting: configuration.trust)
        tls = context
        return context
    }

    func shutDown(on loop: EventLoop) {
        isShutDown = true
        for connection in connections.values.flatMap(\.values) { connection.fail(.shutDown, on: loop) }
        for exchange in Array(exchanges.values) { fail(exchange, .shutDown, on: loop) }
        connections = [:]
        loop.residents[key] = nil
    }

    private func changePool<Result>(_ destination: Destination, _ change: (inout ConnectionPool) -> Result) -> Result {
        let empty = ConnectionPool(
            maxConnections: configuration.maxConnectionsPerOrigin, maxWaiting: configuration.maxWaitingPerOrigin)
        return change(&pools[destination, default: empty])
    }
}
