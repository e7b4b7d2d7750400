internal import Dispatch
internal import LatchkeyCore
internal import LatchkeyNet

/// The drain of a server: it stops accepting, lets requests finish, and ends the workers. The service waits for pending
/// writes to the shared tier after it (Service+Drain.swift).
///
/// No worker drains before all have stopped listening and the queues are empty, because until then another worker may
/// give it a connection.
struct ServerDrain {
    let loops: [LoopHandle]
    /// The key of the ``ServerWorker`` of each event loop.
    let key: LoopObjectID
    /// Gives up the sockets that the workers listen on. Nothing else may hold them: they close when they are released.
    let takeSockets: @Sendable () -> [ListeningSocket]
    /// The files of the Unix sockets that the server has created.
    let socketFiles: [UnixSocketFile]
    let limits: ServerLimits

    /// Drains the server and returns when all its event loops are stopping.
    ///
    /// - Parameter timeout: connections that are open after this time are closed.
    func run(timeout: Duration) async {
        let deadline = MonotonicTime.current + timeout
        if !socketFiles.isEmpty {
            for file in socketFiles { file.remove() }
            await Timing.systemSleep(min(.current + limits.unixCloseDelay, deadline))
        }
        await onWorkers(loops) { worker, loop, done in
            worker.stopListening(on: loop)
            done()
        }
        let take = takeSockets
        await onWorkers(Array(loops.prefix(1))) { worker, loop, done in
            worker.acceptQueued(take(), until: deadline, on: loop, onEnd: done)
        }
        await onWorkers(loops) { worker, loop, done in
            worker.drain(on: loop, onDrained: done)
            loop.schedule(at: deadline) { [weak worker] loop in worker?.closeAll(on: loop) }
        }
        for loop in loops { loop.stop() }
    }

    /// Calls `body` on each event loop, and returns when all have called `done`.
    private func onWorkers(
        _ loops: [LoopHandle],
        _ body: @escaping @Sendable (ServerWorker, EventLoop, _ done: @escaping @Sendable () -> Void) -> Void
    ) async {
        let group = DispatchGroup()
        for loop in loops {
            group.enter()
            let key = key
            let isAccepted = loop.submit { loop in
                guard let worker = loop.loopObjects[key] as? ServerWorker else { return group.leave() }
                body(worker, loop) { group.leave() }
            }
            if !isAccepted { group.leave() }
        }
        await withCheckedContinuation { continuation in
            group.notify(queue: .global()) { continuation.resume() }
        }
    }
}
