internal import Synchronization

/// ``Progress`` of tasks that run side by side.
final class SharedProgress: Sendable {
    private let progress: Mutex<Progress>

    init(_ what: String, of total: Int) { progress = Mutex(Progress(what, of: total)) }

    func step() { progress.withLock { $0.step() } }

    /// Clears the line for further output.
    func end() { progress.withLock { $0.end() } }
}
