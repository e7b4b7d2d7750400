/// The owner of a descriptor on an event loop: a listener, a connection, or the loop's wake-up descriptor.
package protocol EventHandler: AnyObject {
    /// The descriptor is ready. Level-triggered: a condition that the handler leaves is reported again.
    func ready(_ readiness: Readiness, on loop: EventLoop)

    /// The turn that ``EventLoop/resumeLater(_:)`` requested.
    func resumed(on loop: EventLoop)
}

extension EventHandler {
    package func resumed(on loop: EventLoop) {}
}
