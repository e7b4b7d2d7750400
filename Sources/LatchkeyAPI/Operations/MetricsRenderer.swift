internal import Dispatch
internal import LatchkeyCore
package import LatchkeyMetrics
internal import Synchronization

/// Renders `/metrics` on a queue of its own, once for all workers. One rendering takes a thousand times as long as a
/// token hit, so no event loop waits for it.
///
/// Concurrent scrapes share one rendering. A lone scrape gets a fresh one; above the rate of ``SharedRendering`` it may
/// be up to 100 ms old.
package final class MetricsRenderer: Sendable {
    /// The format and encoding that a scraper asked for.
    struct Kind: Hashable, Sendable {
        let format: ExpositionFormat
        let isCompressed: Bool
    }

    typealias Delivery = @Sendable (RenderedMetrics) -> Void

    private let metrics: Metrics
    private let prepare: @Sendable () -> Void
    private let queue = DispatchQueue(label: "latchkey.metrics", qos: .userInitiated)
    private let renderings = Mutex<[Kind: SharedRendering<RenderedMetrics, Delivery>]>([:])

    /// - Parameter prepare: updates the metrics that no event updates; called before each rendering.
    package init(_ metrics: Metrics, prepare: @escaping @Sendable () -> Void) {
        self.metrics = metrics
        self.prepare = prepare
    }

    /// A rendering that is recent enough; nil if there is none. Then call ``render(_:now:deliver:)``.
    func recent(_ kind: Kind, now: MonotonicTime) -> RenderedMetrics? {
        renderings.withLock { $0[kind, default: SharedRendering()].recent(now) }
    }

    /// Calls `deliver` once, on the queue, with the rendering in progress or a new one.
    func render(_ kind: Kind, now: MonotonicTime, deliver: @escaping Delivery) {
        let starts = renderings.withLock { $0[kind, default: SharedRendering()].join(deliver, now: now) }
        guard starts else { return }
        queue.async { [self] in
            prepare()
            let page = RenderedMetrics(metrics, kind)
            for waiting in renderings.withLock({ $0[kind]?.finish(page) ?? [] }) { waiting(page) }
        }
    }
}
