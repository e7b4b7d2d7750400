internal import Dispatch
internal import LatchkeyCore
package import LatchkeyMetrics
internal import Synchronization

/// The renderings of `/metrics` of the whole process, made on a queue of their own: a rendering takes a thousand times
/// as long as a hit on a token, and no event loop waits for it.
///
/// Scrapes that come while a rendering is made share it. One that comes alone gets a rendering of its own, and past the
/// rate of ``SharedRendering`` one that is at most 100 ms old.
package final class MetricsRenderer: Sendable {
    /// What a scraper asked for.
    struct Kind: Hashable, Sendable {
        let format: ExpositionFormat
        let isCompressed: Bool
    }

    typealias Delivery = @Sendable (RenderedMetrics) -> Void

    private let metrics: Metrics
    private let queue = DispatchQueue(label: "latchkey.metrics", qos: .userInitiated)
    private let renderings = Mutex<[Kind: SharedRendering<RenderedMetrics, Delivery>]>([:])

    package init(_ metrics: Metrics) { self.metrics = metrics }

    /// A page that may be given out at once, or nil where ``render(_:now:deliver:)`` has to be asked.
    func recent(_ kind: Kind, now: MonotonicTime) -> RenderedMetrics? {
        renderings.withLock { $0[kind, default: SharedRendering()].recent(now) }
    }

    /// Delivers the rendering that is being made, or a new one. `deliver` is called once, on the queue.
    func render(_ kind: Kind, now: MonotonicTime, deliver: @escaping Delivery) {
        let starts = renderings.withLock { $0[kind, default: SharedRendering()].join(deliver, now: now) }
        guard starts else { return }
        queue.async { [self] in
            let page = RenderedMetrics(metrics, kind)
            for waiting in renderings.withLock({ $0[kind]?.finish(page) ?? [] }) { waiting(page) }
        }
    }
}
