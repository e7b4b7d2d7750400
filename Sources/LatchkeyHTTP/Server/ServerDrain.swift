internal import Dispatch
internal import LatchkeyCore
internal import LatchkeyNet

/// The drain of a server: it stops accepting, lets requests finish, and ends the workers. The service waits for pending
/// writes to the shared tier after it (Service+Drain.swift).
struct ServerDrain {
    let loops: [LoopHandle]
    /// The key of the ``ServerWorker`` of each event loop.
    let key: LoopObjectID
    /// The files of the Unix sockets that the server has created.
    let socketFiles: [UnixSocketFile]

    /// Drains the server and returns when all its event loops are stopping.
    ///
    /// - Parameter timeout: connections that are open after this time are closed.
    func run(timeout: Duration) async {
        for file in socketFiles { file.remove() }
        let group = DispatchGroup()
        for loop in loops {
            group.enter()
            let key = key
            let accepted = loop.submit { loop in
                guard let worker = loop.loopObjects[key] as? ServerWorker else { return group.leave() }
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
