internal import Synchronization

/// Why the loop of `latchkey render --watch` has to go on. Reasons that come while it is at work are taken together.
final class RenderWakes: Sendable {
    struct Reasons: Sendable {
        var reloads = false
        var isStopping = false
    }

    private let pending = Mutex(Reasons())
    private let stream: AsyncStream<Void>
    private let sink: AsyncStream<Void>.Continuation

    init() { (stream, sink) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1)) }

    /// A value may have changed, or it is time to try again.
    func change() { sink.yield() }

    /// The settings and the template are to be read again.
    func reload() {
        pending.withLock { $0.reloads = true }
        sink.yield()
    }

    /// Ends the loop.
    func stop() {
        pending.withLock { $0.isStopping = true }
        sink.yield()
    }

    /// Returns the reasons since the last call, as soon as there is one. Must be called by one task.
    func next() async -> Reasons {
        for await _ in stream { break }
        return pending.withLock { reasons in
            defer { reasons.reloads = false }
            return reasons
        }
    }
}
