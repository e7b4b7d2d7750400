internal import LatchkeyCore

/// Decides when to render something that changes all the time, and which callers share a rendering. Pure.
struct SharedRendering<Page, Delivery> {
    /// Maximum age of a rendering that is given out.
    static var maxAge: Duration { .milliseconds(100) }
    /// A burst of 20 fresh renderings, refilled at one per 20 ms. A lone scrape is always fresh, and continuous scrapes
    /// cost at most 50 renderings a second.
    static var burst: Int { 20 }
    static var interval: Duration { .milliseconds(20) }

    private var latest: (page: Page, begun: MonotonicTime)?
    private var begun = MonotonicTime(nanoseconds: .min)
    private var waiting: [Delivery] = []
    private var isRendering = false
    /// When the burst is available in full again.
    private var whole = MonotonicTime(nanoseconds: .min)

    /// The latest rendering if it is recent and the burst is used up; else nil. Then call ``join(_:now:)``.
    mutating func recent(_ now: MonotonicTime) -> Page? {
        if let latest, now - latest.begun > Self.maxAge { self.latest = nil }
        guard !isRendering, let latest, whole - now > Self.interval * Self.burst else { return nil }
        return latest.page
    }

    /// Waits for the rendering in progress, or for a new one.
    /// - Returns: whether the caller must start a rendering.
    mutating func join(_ delivery: Delivery, now: MonotonicTime) -> Bool {
        waiting.append(delivery)
        if isRendering { return false }
        isRendering = true
        begun = now
        whole = max(whole, now) + Self.interval
        return true
    }

    /// Ends the rendering in progress.
    /// - Returns: the callers that wait for it.
    mutating func finish(_ page: Page) -> [Delivery] {
        isRendering = false
        latest = (page, begun)
        defer { waiting = [] }
        return waiting
    }
}
