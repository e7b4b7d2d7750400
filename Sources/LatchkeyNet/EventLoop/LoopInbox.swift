internal import CLinux
internal import Glibc
internal import Synchronization

/// Jobs that other threads submit to a loop, the eventfd that wakes the loop, and the epoll instance of the loop. Both
/// descriptors are opened here, by the thread that starts the loop, so that a start without descriptors fails.
final class LoopInbox: Sendable {
    typealias Job = @Sendable (EventLoop) -> Void

    private struct Contents {
        var jobs: [Job] = []
        var isStopRequested = false
        var isClosed = false
    }

    let wakeUp: Socket
    let epoll: Socket
    private let contents = Mutex(Contents())

    init() throws(SystemError) {
        let descriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        if descriptor < 0 { throw .last("eventfd") }
        wakeUp = Socket(owning: descriptor)
        epoll = try Poller.makeInstance()
    }

    /// Whether the loop has ended.
    var isClosed: Bool { contents.withLock { $0.isClosed } }

    /// Adds a job; false if the loop has ended.
    func put(_ job: @escaping Job) -> Bool {
        let (isAccepted, isFirst) = contents.withLock { contents in
            if contents.isClosed { return (false, false) }
            contents.jobs.append(job)
            return (true, contents.jobs.count == 1)
        }
        if isFirst { signal() }
        return isAccepted
    }

    func requestStop() {
        contents.withLock { $0.isStopRequested = true }
        signal()
    }

    /// All jobs submitted so far. The eventfd is reset first, so that a job submitted meanwhile wakes the loop again.
    func take() -> (jobs: [Job], stop: Bool) {
        var count: UInt64 = 0
        read(wakeUp.descriptor, &count, 8)
        return contents.withLock { contents in
            defer { contents.jobs = [] }
            return (contents.jobs, contents.isStopRequested)
        }
    }

    /// Drops the jobs and accepts no more.
    func close() {
        contents.withLock { contents in
            contents.isClosed = true
            contents.jobs = []
        }
    }

    private func signal() {
        var one: UInt64 = 1
        write(wakeUp.descriptor, &one, 8)
    }
}
