internal import LatchkeyNet

/// The events that a connection waits for, so that the kernel is told only of changes.
struct ConnectionInterest {
    private var current = Readiness.read

    mutating func set(reads: Bool, writes: Bool, of id: ChannelID?, descriptor: Int32, on loop: EventLoop) {
        let wanted = Readiness(
            rawValue: (reads ? Readiness.read.rawValue : 0) | (writes ? Readiness.write.rawValue : 0))
        guard wanted != current, let id else { return }
        current = wanted
        loop.setInterest(wanted, of: id, descriptor: descriptor)
    }
}
