package import LatchkeyCore

// Limits of time for what must succeed, over real sockets and so by the real clock. A busy machine, or a sanitizer, makes
// it slow and never a failure.

extension Duration {
    /// A time that only a test that hangs needs.
    package static let unreached: Duration = .seconds(3600)
}

extension MonotonicTime {
    /// A deadline that only a test that hangs reaches.
    package static var unreached: MonotonicTime { .current + .unreached }
}
