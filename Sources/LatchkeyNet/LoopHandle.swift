internal import CLinux
internal import Glibc
internal import Synchronization

/// What other threads hold of an ``EventLoop``: they leave jobs, the loop runs them on its own thread.
package struct LoopHandle: Sendable {
    let inbox: LoopInbox

    /// Runs `job` on the loop's thread, in the order submitted. False, and `job` dropped, when the loop has stopped.
    @discardableResult
    package func submit(_ job: @escaping @Sendable (EventLoop) -> Void) -> Bool { inbox.put(job) }

    /// Ends the loop after the jobs already submitted. Descriptors registered on it are dropped with it.
    package func stop() { inbox.requestStop() }
}

/// Jobs on their way to a loop, and the eventfd that wakes it.
final class LoopInbox: Sendable {
    typealias Job = @Sendable (EventLoop) -> Void

    private struct Contents {
        var jobs: [Job] = []
        var stop = false
        var closed = false
    }

    let wakeUp: Socket
    private let contents = Mutex(Contents())

    init() throws(SystemError) {
        let descriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        if descriptor < 0 { throw .last("eventfd") }
        wakeUp = Socket(owning: descriptor)
    }

    func put(_ job: @escaping Job) -> Bool {
        let (accepted, wake) = contents.withLock { contents in
            if contents.closed { return (false, false) }
            contents.jobs.append(job)
            return (true, contents.jobs.count == 1)
        }
        if wake { signal() }
        return accepted
    }

    func requestStop() {
        contents.withLock { $0.stop = true }
        signal()
    }

    /// Everything submitted so far; the wake-up is reset first, so that a later job rings again.
    func take() -> (jobs: [Job], stop: Bool) {
        var count: UInt64 = 0
        read(wakeUp.descriptor, &count, 8)
        return contents.withLock { contents in
            defer { contents.jobs = [] }
            return (contents.jobs, contents.stop)
        }
    }

    func close() {
        contents.withLock { contents in
            contents.closed = true
            contents.jobs = []
        }
    }

    private func signal() {
        var one: UInt64 = 1
        write(wakeUp.descriptor, &one, 8)
    }
}
