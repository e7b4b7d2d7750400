/// A reference to an ``EventLoop`` for other threads. They submit jobs, which the loop runs on its own thread.
package struct LoopHandle: Sendable {
    let inbox: LoopInbox

    /// Runs `job` on the loop's thread, in the order of submission. Returns false and drops `job` if the loop has
    /// stopped.
    @discardableResult
    package func submit(_ job: @escaping @Sendable (EventLoop) -> Void) -> Bool { inbox.put(job) }

    /// Whether the loop has stopped: it runs no more jobs.
    package var hasStopped: Bool { inbox.isClosed }

    /// Stops the loop after the jobs submitted so far. Its registrations end without a notice to the handlers.
    package func stop() { inbox.requestStop() }
}
