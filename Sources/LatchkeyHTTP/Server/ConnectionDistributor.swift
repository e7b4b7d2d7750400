internal import LatchkeyNet

/// Passes accepted connections to the workers, round robin.
final class ConnectionDistributor {
    private let loops: [LoopHandle]
    private let key: LoopObjectID
    private let connectionCounter: ConnectionCounter
    private let traits: ListenerTraits
    private var next = 0

    init(loops: [LoopHandle], key: LoopObjectID, connectionCounter: ConnectionCounter, traits: ListenerTraits) {
        self.traits = traits
        self.loops = loops
        self.key = key
        self.connectionCounter = connectionCounter
    }

    func distribute(_ socket: consuming Socket, isOverCapacity: Bool, on loop: EventLoop) {
        next = (next + 1) % loops.count
        if next == 0 {
            (loop.loopObjects[key] as? ServerWorker)?.adopt(
                socket, isOverCapacity: isOverCapacity, traits: traits, on: loop)
            return
        }
        let descriptor = socket.release()
        let (key, traits) = (key, traits)
        let accepted = loops[next].submit { loop in
            let socket = Socket(owning: descriptor)
            (loop.loopObjects[key] as? ServerWorker)?.adopt(
                socket, isOverCapacity: isOverCapacity, traits: traits, on: loop)
        }
        // The worker has stopped: closing the connection is all that is left.
        if !accepted {
            connectionCounter.remove()
            _ = Socket(owning: descriptor)
        }
    }
}
