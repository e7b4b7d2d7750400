internal import Synchronization

/// Spans that have ended and are not yet exported. Adding one takes a lock for a moment and never waits for the network.
package final class SpanQueue: Sendable {
    /// What was taken from the queue.
    package struct Content: Sendable {
        package var spans: [Span] = []
        /// Spans that were dropped since the last time, because the queue was full.
        package var lost = 0
    }

    /// The most spans that wait. Each has about half a KiB.
    package static let maxSpans = 4096

    private let content = Mutex(Content())
    private let now: @Sendable () -> Now

    package init(now: @escaping @Sendable () -> Now) { self.now = now }

    /// Adds a span that ends now, or drops it if the queue is full.
    ///
    /// - Parameters:
    ///   - context: the trace and the id of the span.
    ///   - parent: the span that it is a part of.
    package func add(
        _ context: TraceContext, in parent: TraceContext, _ kind: Span.Kind, _ name: String,
        from started: MonotonicTime, attributes: [(name: String, value: Span.Value)], isError: Bool
    ) {
        let span = Span(
            context, in: parent, kind, name, from: started, to: now(), attributes: attributes, isError: isError)
        content.withLock { content in
            if content.spans.count < Self.maxSpans { content.spans.append(span) } else { content.lost += 1 }
        }
    }

    /// Takes everything.
    package func takeAll() -> Content {
        content.withLock { content in
            defer { content = Content() }
            return content
        }
    }
}
