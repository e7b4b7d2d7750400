internal import Dispatch
internal import Glibc
package import LatchkeyCore
package import LatchkeyNet

/// The server: listeners, workers, and the way they stop.
package final class HTTPServer: Sendable {
    /// What a server is started with.
    package struct Configuration: Sendable {
        /// Where to listen; port 0 picks one.
        package var listenAddresses: [ListenPlace]
        /// Event loops, each on a thread of its own; at least one runs.
        package var workers: Int
        package var limits = ServerLimits()
        package var time = TimeSource.system
        /// Renders the answers the server gives itself.
        package var reject: @Sendable (ServerRefusal, ReplyWriter) -> Void
        /// Told +1 for every connection taken in and -1 for every one that ended.
        package var connectionsChanged: @Sendable (Int) -> Void = { _ in }

        package init(
            listenAddresses: [ListenPlace], workers: Int,
            reject: @escaping @Sendable (ServerRefusal, ReplyWriter) -> Void = ServerRefusal.plain
        ) {
            self.listenAddresses = listenAddresses
            self.workers = workers
            self.reject = reject
        }
    }

    /// An address that could not be listened on, or a loop that could not be started, and why.
    package struct StartError: Error, Sendable {
        package let address: SocketAddress?
        package let cause: SystemError
    }

    /// Where it really listens.
    package let addresses: [SocketAddress]
    /// Connections open now.
    package let connectionCounter: ConnectionCounter
    private let loops: [LoopHandle]
    private let key: LoopObjectID
    /// The files of the Unix sockets that it has made.
    private let socketFiles: [UnixSocketFile]

    private init(
        addresses: [SocketAddress], socketFiles: [UnixSocketFile], connectionCounter: ConnectionCounter,
        loops: [LoopHandle],
        key: LoopObjectID
    ) {
        self.addresses = addresses
        self.socketFiles = socketFiles
        self.connectionCounter = connectionCounter
        self.loops = loops
        self.key = key
    }

    // MARK: Starting

    /// Binds every address, then starts the workers.
    ///
    /// - Parameter makeHandler: called once on each worker's own thread; the handler it returns stays there and may
    ///   hold state that is not Sendable.
    /// - Throws: the address that is taken or forbidden. Nothing is left running then.
    package static func start(
        _ configuration: Configuration, makeHandler: @escaping @Sendable () -> RequestHandler
    ) throws(StartError) -> HTTPServer {
        let sockets = try bind(configuration.listenAddresses)
        let limits = configuration.limits
        let connectionCounter = ConnectionCounter(
            cap: limits.maxConnections, headroom: limits.connectionHeadroom, onChange: configuration.connectionsChanged)
        let key = LoopObjectID()
        let workers = max(1, configuration.workers)
        var loops: [LoopHandle] = []
        do throws(SystemError) {
            for number in 0..<workers {
                let loop = try EventLoop.start(name: "latchkey.worker.\(number)")
                loops.append(loop)
                loop.submit { [configuration] loop in
                    let time = configuration.time
                    loop.residents[key] = ServerWorker(
                        loop: loop.handle, limits: limits, headroom: max(1, limits.connectionHeadroom / workers),
                        connectionCounter: connectionCounter, wallTime: { time.now().wall }, handler: makeHandler(),
                        reject: configuration.reject)
                }
            }
        } catch {
            for loop in loops { loop.stop() }
            for socket in sockets { socket.file?.remove() }
            throw StartError(address: nil, cause: error)
        }
        listen(sockets, distributingTo: loops, key: key, connectionCounter: connectionCounter, limits: limits)
        return HTTPServer(
            addresses: sockets.map(\.address), socketFiles: sockets.compactMap(\.file),
            connectionCounter: connectionCounter, loops: loops, key: key)
    }

    private static func bind(_ listenAddresses: [ListenPlace]) throws(StartError) -> [ListeningSocket] {
        var sockets: [ListeningSocket] = []
        do throws(StartError) {
            for listenAddress in listenAddresses {
                switch listenAddress {
                case .address(let address): sockets.append(try bind(address))
                case .everyAddress(let addresses): sockets += try bind(all: addresses)
                case .inherited(let socket): sockets.append(ListeningSocket(socket))
                }
            }
        } catch {
            for socket in sockets { socket.file?.remove() }
            throw error
        }
        return sockets
    }

    private static func bind(_ address: SocketAddress) throws(StartError) -> ListeningSocket {
        do throws(SystemError) {
            return try ListeningSocket(on: address)
        } catch {
            throw StartError(address: address, cause: error)
        }
    }

    /// Those of the addresses that the machine has, at the port of the first one.
    /// - Throws: why it has none, or that one is taken.
    private static func bind(all addresses: [SocketAddress]) throws(StartError) -> [ListeningSocket] {
        var sockets: [ListeningSocket] = []
        var absent: StartError?
        for address in addresses {
            do throws(StartError) {
                let port = sockets.first?.address.port
                sockets.append(try bind(port.map { address.withPort($0) } ?? address))
            } catch {
                guard error.cause.isAddressAbsent else { throw error }
                absent = absent ?? error
            }
        }
        if sockets.isEmpty, let absent { throw absent }
        return sockets
    }

    private static func listen(
        _ sockets: [ListeningSocket], distributingTo loops: [LoopHandle], key: LoopObjectID,
        connectionCounter: ConnectionCounter,
        limits: ServerLimits
    ) {
        loops.first?.submit { loop in
            guard let worker = loop.residents[key] as? ServerWorker else { return }
            let distributor = ConnectionDistributor(loops: loops, key: key, connectionCounter: connectionCounter)
            for socket in sockets {
                let listener = Listener(socket: socket, connectionCounter: connectionCounter, limits: limits) {
                    accepted, over, loop in
                    distributor.distribute(accepted, isOverCapacity: over, on: loop)
                }
                // Registering fails only without kernel memory; the process then serves nobody, which liveness shows.
                if (try? listener.start(on: loop)) != nil { worker.listeners.append(listener) }
            }
        }
    }

    // MARK: Stopping

    /// Accepts nothing more, lets what is under way finish, and ends the workers.
    ///
    /// The files of its Unix sockets go first: whoever connects from then on finds no socket or a successor's, and whoever
    /// has connected is still accepted. What a successor has put at the same path stays.
    ///
    /// - Parameter timeout: connections still open then are cut.
    package func drain(timeout: Duration) async {
        for file in socketFiles { file.remove() }
        let group = DispatchGroup()
        for loop in loops {
            group.enter()
            let key = key
            let accepted = loop.submit { loop in
                guard let worker = loop.residents[key] as? ServerWorker else { return group.leave() }
                worker.drain(on: loop) { group.leave() }
                loop.schedule(at: loop.now + timeout) { [weak worker] loop in worker?.closeAll(on: loop) }
            }
            if !accepted { group.leave() }
        }
        await withCheckedContinuation { continuation in
            group.notify(queue: .global()) { continuation.resume() }
        }
        for loop in loops { loop.stop() }
    }
}
