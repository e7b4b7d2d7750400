internal import LatchkeyNet

/// Gives each accepted connection to a worker: to the one that has accepted it, unless another has clearly fewer.
///
/// The kernel distributes connections unevenly, and keep-alive makes that last. So a worker keeps a connection only
/// while its number is close to the smallest one. With short connections that is nearly always so, and nothing is handed
/// over. Connections of the probe listener have a distributor with one worker, and a counter of their own.
final class ConnectionDistributor {
    /// Adds a connection to the worker of an event loop.
    typealias Adopt =
        @Sendable (
            consuming Socket, _ isOverCapacity: Bool, ListenerTraits, EventLoop
        ) -> Void

    /// A worker has at most this fraction more connections than the one with the fewest.
    private static let tolerance = 8

    private let workers: [WorkerLoad]
    private let own: Int
    private let adopt: Adopt
    private let connectionCounter: ConnectionCounter

    /// - Parameters:
    ///   - own: the index of the worker on whose event loop this is.
    ///   - adopt: called on the event loop of the chosen worker.
    init(workers: [WorkerLoad], own: Int, connectionCounter: ConnectionCounter, adopt: @escaping Adopt) {
        self.workers = workers
        self.own = own
        self.adopt = adopt
        self.connectionCounter = connectionCounter
    }

    /// Whether no connection may be accepted now (``ConnectionCounter/isFull``).
    var isFull: Bool { connectionCounter.isFull }

    /// Counts a closed connection of the worker on whose event loop this is.
    func countClosed() {
        connectionCounter.remove()
        workers[own].remove()
    }

    /// Counts a connection and gives it to a worker.
    func distribute(_ socket: consuming Socket, _ traits: ListenerTraits, on loop: EventLoop) {
        let isOverCapacity = connectionCounter.add()
        let chosen = workers[choice]
        chosen.add()
        if chosen === workers[own] { return adopt(socket, isOverCapacity, traits, loop) }
        let descriptor = socket.release()
        let isAccepted = chosen.loop.submit { [adopt] loop in
            adopt(Socket(owning: descriptor), isOverCapacity, traits, loop)
        }
        // The worker has stopped, which it does only after the listeners. Closing the connection is all that is left.
        if !isAccepted {
            connectionCounter.remove()
            chosen.remove()
            _ = Socket(owning: descriptor)
        }
    }

    /// The index of the worker for the next connection.
    private var choice: Int {
        var (choice, fewest) = (own, workers[own].connections)
        let mine = fewest
        for (index, worker) in workers.enumerated() where worker.connections < fewest {
            (choice, fewest) = (index, worker.connections)
        }
        return mine > fewest + fewest / Self.tolerance ? choice : own
    }
}
