internal import LatchkeyCore

/// Who gets which rendering of something that changes all the time. Pure: it says when to render.
struct SharedRendering<Page, Delivery> {
    /// The oldest rendering that is given out.
    static var maxAge: Duration { .milliseconds(100) }
    /// Renderings in a row before ages count, and the time in which one of them grows back: a scrape that comes alone is
    /// always fresh, and scrapes without end cost 50 renderings a second.
    static var burst: Int { 20 }
    static var interval: Duration { .milliseconds(20) }

    private var latest: (page: Page, begun: MonotonicTime)?
    private var begun = MonotonicTime(nanoseconds: .min)
    private var waiting: [Delivery] = []
    private var isRendering = false
    /// When the burst is whole again.
    private var whole = MonotonicTime(nanoseconds: .min)

    /// The latest rendering, where it is young enough and too many have been made of late. Nil asks for ``join(_:now:)``.
    mutating func recent(_ now: MonotonicTime) -> Page? {
        if let latest, now - latest.begun > Self.maxAge { self.latest = nil }
        guard !isRendering, let latest, whole - now > Self.interval * Self.burst else { return nil }
        return latest.page
    }

    /// Waits for the rendering that is being made, or for a new one.
    /// - Returns: whether a rendering has to be begun.
    mutating func join(_ delivery: Delivery, now: MonotonicTime) -> Bool {
        waiting.append(delivery)
        if isRendering { return false }
        isRendering = true
        begun = now
        whole = max(whole, now) + Self.interval
        return true
    }

    /// The rendering is made.
    /// - Returns: who waits for it.
    mutating func finish(_ page: Page) -> [Delivery] {
        isRendering = false
        latest = (page, begun)
        defer { waiting = [] }
        return waiting
    }
}
