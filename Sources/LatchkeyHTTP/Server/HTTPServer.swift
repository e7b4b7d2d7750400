package import LatchkeyCore
package import LatchkeyMetrics
package import LatchkeyNet
internal import Synchronization

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
        /// Serves TLS on every listener but Unix sockets and the probe listener; nil serves plain HTTP.
        package var tls: LiveTLSConfiguration?
        /// Called at the end of each TLS handshake, with what a log may say of it.
        package var handshakeEnded: @Sendable (HandshakeOutcome, () -> String) -> Void = { _, _ in }
        /// Called with 1 for each connection that is opened, and with -1 for each that is closed.
        package var connectionsChanged: @Sendable (Int) -> Void = { _ in }
        /// How Unix sockets are created.
        package var unixSockets = UnixSocketOptions()
        /// Called when a connection cannot be accepted, and not again before one was accepted. Accepting pauses.
        package var acceptFailed: @Sendable (SystemError) -> Void = { _ in }

        package init(
            listenAddresses: [ListenAddress], workers: Int,
            reject: @escaping @Sendable (ServerRejection, consuming ReplyWriter) -> ReplyReceipt = ServerRejection.plain
        ) {
            self.listenAddresses = listenAddresses
            self.workers = workers
            self.reject = reject
        }
    }

    /// Why an address cannot be listened on, or, without an address, why a worker cannot be started.
    package struct StartError: Error, Sendable {
        package let address: SocketAddress?
        package let cause: SystemError
    }

    /// The bound addresses, with real ports.
    package let addresses: [SocketAddress]
    /// The bound addresses of the probe listener, with real ports.
    package let probeAddresses: [SocketAddress]
    /// Counts the open connections, without those of the probe listener.
    package let connectionCounter: ConnectionCounter
    private let delayedReplyCounter: DelayedReplyCounter
    /// Replies that are delayed now.
    package var delayedReplies: Int { delayedReplyCounter.count }
    /// The event loops of the workers.
    package let loops: [LoopHandle]
    private let key: LoopObjectID
    /// The sockets that the workers listen on. The drain takes them.
    private let sockets: Mutex<[ListeningSocket]>
    /// The files of the Unix sockets that the server has created.
    private let socketFiles: [UnixSocketFile]
    private let limits: ServerLimits

    private init(
        _ sockets: [ListeningSocket], socketFiles: [UnixSocketFile], connectionCounter: ConnectionCounter,
        delayedReplyCounter: DelayedReplyCounter, loops: [LoopHandle], key: LoopObjectID, limits: ServerLimits
    ) {
        addresses = sockets.filter { !$0.traits.isProbe }.map(\.address)
        probeAddresses = sockets.filter(\.traits.isProbe).map(\.address)
        self.sockets = Mutex(sockets)
        self.socketFiles = socketFiles
        self.connectionCounter = connectionCounter
        self.delayedReplyCounter = delayedReplyCounter
        self.loops = loops
        self.key = key
        self.limits = limits
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
        let sockets = try bind(configuration)
        var configuration = configuration
        configuration.limits = configuration.limits.beside(probeListener: !configuration.probeAddresses.isEmpty)
        let limits = configuration.limits
        let connectionCounter = ConnectionCounter(
            cap: limits.maxConnections, headroom: limits.connectionHeadroom, onChange: configuration.connectionsChanged)
        let key = LoopObjectID()
        let delayedReplyCounter = DelayedReplyCounter(max: limits.maxDelayedReplies)
        var loops: [LoopHandle] = []
        var files: [UnixSocketFile] = []
        do throws(StartError) {
            loops = try startLoops(max(1, configuration.workers))
            try startWorkers(
                on: loops, listeningOn: sockets, key: key, connectionCounter: connectionCounter,
                delayedReplyCounter: delayedReplyCounter, configuration, makeHandler: makeHandler)
            // Last, so that a start that fails takes no path from another broker.
            for socket in sockets { if let file = try publish(socket) { files.append(file) } }
        } catch {
            for file in files { file.remove() }
            for socket in sockets { socket.discard() }
            for loop in loops { loop.stop() }
            throw error
        }
        return HTTPServer(
            sockets, socketFiles: files, connectionCounter: connectionCounter,
            delayedReplyCounter: delayedReplyCounter, loops: loops, key: key, limits: limits)
    }

    private static func startLoops(_ count: Int) throws(StartError) -> [LoopHandle] {
        var loops: [LoopHandle] = []
        do throws(SystemError) {
            for number in 0..<count { loops.append(try EventLoop.start(name: "latchkey.worker.\(number)")) }
        } catch {
            for loop in loops { loop.stop() }
            throw StartError(address: nil, cause: error)
        }
        return loops
    }

    /// Starts a worker on each event loop and waits until all listen on every socket. The first worker alone listens on
    /// those of the probe listener.
    private static func startWorkers(
        on loops: [LoopHandle], listeningOn sockets: [ListeningSocket], key: LoopObjectID,
        connectionCounter: ConnectionCounter, delayedReplyCounter: DelayedReplyCounter, _ configuration: Configuration,
        makeHandler: @escaping @Sendable () -> RequestHandler
    ) throws(StartError) {
        let limits = configuration.limits.shared(by: loops.count)
        let loads = loops.map { WorkerLoad(loop: $0) }
        // One more is counted until the oldest is closed for it.
        let probeCounter = ConnectionCounter(cap: limits.maxProbeConnections, headroom: 1, onChange: { _ in })
        let starting = WorkerStart(count: loops.count)
        let adopt: ConnectionDistributor.Adopt = { socket, isOverCapacity, traits, loop in
            (loop.loopObjects[key] as? ServerWorker)?.adopt(
                socket, isOverCapacity: isOverCapacity, traits: traits, on: loop)
        }
        for (number, loop) in loops.enumerated() {
            loop.submit { loop in
                let worker = ServerWorker(
                    loop: loop.handle,
                    distributor: ConnectionDistributor(
                        workers: loads, own: number, connectionCounter: connectionCounter, adopt: adopt),
                    probeDistributor: ConnectionDistributor(
                        workers: [WorkerLoad(loop: loop.handle)], own: 0, connectionCounter: probeCounter,
                        adopt: adopt),
                    delayedReplies: delayedReplyCounter, limits: limits, wallTime: { configuration.time.now().wall },
                    handler: makeHandler(),
                    reject: configuration.reject, tls: configuration.tls.map { WorkerTLS($0) },
                    handshakeEnded: configuration.handshakeEnded)
                loop.loopObjects[key] = worker
                if let commit = worker.handler.commit {
                    loop.turnEnded = { [unowned worker] loop in worker.commitReplies(commit, on: loop) }
                }
                let own = sockets.filter { number == 0 || !$0.traits.isProbe }
                starting.ended(listen(worker, on: own, loop))
            }
        }
        try starting.wait()
    }

    private static func listen(
        _ worker: ServerWorker, on sockets: [ListeningSocket], _ loop: EventLoop
    ) -> StartError? {
        for socket in sockets {
            do throws(SystemError) {
                try worker.listen(on: socket, loop)
            } catch {
                return StartError(address: socket.address, cause: error)
            }
        }
        return nil
    }

    private static func publish(_ socket: ListeningSocket) throws(StartError) -> UnixSocketFile? {
        do throws(SystemError) {
            return try socket.publish()
        } catch {
            throw StartError(address: socket.address, cause: error)
        }
    }

    // MARK: Binding

    private static func bind(_ configuration: Configuration) throws(StartError) -> [ListeningSocket] {
        var sockets: [ListeningSocket] = []
        do throws(StartError) {
            for address in configuration.listenAddresses {
                sockets += try bind(address, isProbe: false, configuration)
            }
            for address in configuration.probeAddresses { sockets += try bind(address, isProbe: true, configuration) }
        } catch {
            for socket in sockets { socket.discard() }
            throw error
        }
        return sockets
    }

    private static func bind(
        _ listenAddress: ListenAddress, isProbe: Bool, _ configuration: Configuration
    ) throws(StartError) -> [ListeningSocket] {
        switch listenAddress {
        case .address(let address): [try bind(address, isProbe, configuration)]
        case .everyAddress(let addresses): try bind(all: addresses, isProbe, configuration)
        case .inherited(let socket):
            [
                ListeningSocket(
                    socket,
                    traits: ListenerTraits(socket.address, servesTLS: configuration.tls != nil, isProbe: isProbe),
                    acceptFailed: configuration.acceptFailed)
            ]
        }
    }

    private static func bind(
        _ address: SocketAddress, _ isProbe: Bool, _ configuration: Configuration
    ) throws(StartError) -> ListeningSocket {
        do throws(SystemError) {
            return try ListeningSocket(
                on: address,
                traits: ListenerTraits(address, servesTLS: configuration.tls != nil, isProbe: isProbe),
                unix: configuration.unixSockets, acceptFailed: configuration.acceptFailed)
        } catch {
            throw StartError(address: address, cause: error)
        }
    }

    /// Binds the addresses that the machine has, all to the port of the first one.
    ///
    /// - Throws: the first error when the machine has none of the addresses, or the error when one is in use.
    private static func bind(
        all addresses: [SocketAddress], _ isProbe: Bool, _ configuration: Configuration
    ) throws(StartError) -> [ListeningSocket] {
        var sockets: [ListeningSocket] = []
        var absent: StartError?
        for address in addresses {
            do throws(StartError) {
                let port = sockets.first?.address.port
                sockets.append(try bind(port.map { address.withPort($0) } ?? address, isProbe, configuration))
            } catch {
                guard error.cause.isAddressAbsent else { throw error }
                absent = absent ?? error
            }
        }
        if sockets.isEmpty, let absent { throw absent }
        return sockets
    }

    // MARK: Stopping

    /// Stops accepting connections, lets requests finish, and ends the workers.
    ///
    /// The files of Unix sockets are removed first. Later connections then find no socket, or that of a successor. A file
    /// that a successor has put at the same path stays. Connections that wait in the queues are still accepted.
    ///
    /// - Parameter timeout: connections that are open after this time are closed.
    package func drain(timeout: Duration) async {
        await ServerDrain(
            loops: loops, key: key, takeSockets: takeSockets, socketFiles: socketFiles, limits: limits
        ).run(timeout: timeout)
    }

    @Sendable private func takeSockets() -> [ListeningSocket] {
        sockets.withLock { sockets in
            defer { sockets = [] }
            return sockets
        }
    }
}
