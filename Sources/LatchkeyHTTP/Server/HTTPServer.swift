package import LatchkeyCore
package import LatchkeyMetrics
package import LatchkeyNet

/// An HTTP/1.1 server: listeners, and workers with an event loop each. ``ServerDrain`` stops it.
package final class HTTPServer: Sendable {
    /// The parameters of a server.
    package struct Configuration: Sendable {
        /// The addresses to listen on. Port 0 selects a free port.
        package var listenAddresses: [ListenAddress]
        /// The addresses of the probe listener, which is plain and has connections of its own
        /// (``ServerLimits/maxProbeConnections``).
        package var probeAddresses: [ListenAddress] = []
        /// The number of event loops, each on its own thread; at least one is started.
        package var workers: Int
        package var limits = ServerLimits()
        package var time = Timing.system
        /// Renders the replies of the server itself.
        package var reject: @Sendable (ServerRejection, consuming ReplyWriter) -> ReplyReceipt
        /// Serves TLS on every listener but Unix sockets; nil serves plain HTTP.
        package var tls: LiveTLSConfiguration?
        /// Called at the end of each TLS handshake, with what a log may say of it.
        package var handshakeEnded: @Sendable (HandshakeOutcome, () -> String) -> Void = { _, _ in }
        /// Called with 1 for each connection that is opened, and with -1 for each that is closed.
        package var connectionsChanged: @Sendable (Int) -> Void = { _ in }

        package init(
            listenAddresses: [ListenAddress], workers: Int,
            reject: @escaping @Sendable (ServerRejection, consuming ReplyWriter) -> ReplyReceipt = ServerRejection.plain
        ) {
            self.listenAddresses = listenAddresses
            self.workers = workers
            self.reject = reject
        }
    }

    /// Why an address cannot be listened on, or, without an address, why an event loop cannot be started.
    package struct StartError: Error, Sendable {
        package let address: SocketAddress?
        package let cause: SystemError
    }

    /// The bound addresses, with real ports.
    package let addresses: [SocketAddress]
    /// The bound addresses of the probe listener, with real ports.
    package let probeAddresses: [SocketAddress]
    /// Counts the open connections.
    package let connectionCounter: ConnectionCounter
    private let loops: [LoopHandle]
    private let key: LoopObjectID
    /// The files of the Unix sockets that the server has created.
    private let socketFiles: [UnixSocketFile]

    private init(
        sockets: [ListeningSocket], probes: [ListeningSocket], connectionCounter: ConnectionCounter,
        loops: [LoopHandle], key: LoopObjectID
    ) {
        addresses = sockets.map(\.address)
        probeAddresses = probes.map(\.address)
        socketFiles = (sockets + probes).compactMap(\.file)
        self.connectionCounter = connectionCounter
        self.loops = loops
        self.key = key
    }

    // MARK: Starting

    /// Binds every address and starts the workers.
    ///
    /// - Parameter makeHandler: called once on the thread of each worker. The handler stays on that thread, so it may use
    ///   state that is not Sendable.
    /// - Throws: the address that is in use or not permitted. Nothing is left running.
    package static func start(
        _ configuration: Configuration, makeHandler: @escaping @Sendable () -> RequestHandler
    ) throws(StartError) -> HTTPServer {
        let (sockets, probes) = try bind(configuration)
        let limits = configuration.limits.beside(probeListener: !probes.isEmpty)
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
                    loop.loopObjects[key] = ServerWorker(
                        loop: loop.handle, limits: limits.shared(by: workers), connectionCounter: connectionCounter,
                        wallTime: { time.now().wall }, handler: makeHandler(), reject: configuration.reject,
                        tls: configuration.tls.map { WorkerTLS($0) }, handshakeEnded: configuration.handshakeEnded)
                }
            }
        } catch {
            for loop in loops { loop.stop() }
            for socket in sockets + probes { socket.file?.remove() }
            throw StartError(address: nil, cause: error)
        }
        listen(
            sockets, distributingTo: loops, key: key, connectionCounter: connectionCounter, limits: limits,
            usesTLS: configuration.tls != nil)
        listen(forProbes: probes, on: loops.first, key: key, limits: limits)
        return HTTPServer(
            sockets: sockets, probes: probes, connectionCounter: connectionCounter, loops: loops, key: key)
    }

    private static func bind(
        _ configuration: Configuration
    ) throws(StartError) -> (sockets: [ListeningSocket], probes: [ListeningSocket]) {
        let sockets = try bind(configuration.listenAddresses)
        do throws(StartError) {
            return (sockets, try bind(configuration.probeAddresses))
        } catch {
            for socket in sockets { socket.file?.remove() }
            throw error
        }
    }

    private static func bind(_ listenAddresses: [ListenAddress]) throws(StartError) -> [ListeningSocket] {
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

    /// Binds the addresses that the machine has, all to the port of the first one.
    ///
    /// - Throws: the first error when the machine has none of the addresses, or the error when one is in use.
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
        limits: ServerLimits, usesTLS: Bool
    ) {
        loops.first?.submit { loop in
            guard let worker = loop.loopObjects[key] as? ServerWorker else { return }
            // Connections of each kind take turns separately, so that each kind is distributed evenly.
            var distributors: [ListenerTraits: ConnectionDistributor] = [:]
            for socket in sockets {
                let traits = socket.traits(servesTLS: usesTLS)
                let distributor =
                    distributors[traits]
                    ?? ConnectionDistributor(
                        loops: loops, key: key, connectionCounter: connectionCounter, traits: traits)
                distributors[traits] = distributor
                let listener = Listener(socket: socket, connectionCounter: connectionCounter, limits: limits) {
                    accepted, over, loop in
                    distributor.distribute(accepted, isOverCapacity: over, on: loop)
                }
                // Registration fails only when the kernel has no memory. Liveness probes then fail, too.
                if (try? listener.start(on: loop)) != nil { worker.listeners.append(listener) }
            }
        }
    }

    /// The first worker serves the connections of the probe listener: they are few.
    private static func listen(
        forProbes sockets: [ListeningSocket], on loop: LoopHandle?, key: LoopObjectID, limits: ServerLimits
    ) {
        if sockets.isEmpty { return }
        loop?.submit { loop in
            guard let worker = loop.loopObjects[key] as? ServerWorker else { return }
            for socket in sockets {
                var traits = socket.traits(servesTLS: false)
                traits.isProbe = true
                let listener = Listener(socket: socket, connectionCounter: worker.probeCounter, limits: limits) {
                    [weak worker, traits] accepted, over, loop in
                    worker?.adoptProbe(accepted, isOverCapacity: over, traits: traits, on: loop)
                }
                if (try? listener.start(on: loop)) != nil { worker.listeners.append(listener) }
            }
        }
    }

    // MARK: Stopping

    /// Stops accepting connections, lets requests finish, and ends the workers.
    ///
    /// The files of Unix sockets are removed first. Later connections then find no socket, or that of a successor; earlier
    /// ones are still accepted. A file that a successor has created at the same path stays.
    ///
    /// - Parameter timeout: connections that are open after this time are closed.
    package func drain(timeout: Duration) async {
        await ServerDrain(loops: loops, key: key, socketFiles: socketFiles).run(timeout: timeout)
    }
}
