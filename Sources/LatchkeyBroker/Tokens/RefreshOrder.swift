/// Numbers the refreshes of one profile in the order in which they start, and decides whose token memory keeps. Pure.
struct RefreshOrder: Sendable {
    /// The number of the refresh that started last.
    private(set) var last: UInt64 = 0
    /// The number of the refresh whose token is in memory.
    private var kept: UInt64 = 0
    /// The number of the last refresh that started before memory was cleared.
    private var cleared: UInt64 = 0

    /// Returns the number of a refresh that starts now.
    mutating func next() -> UInt64 {
        last += 1
        return last
    }

    /// Whether the refresh started after memory was cleared.
    func isCurrent(_ number: UInt64) -> Bool { number > cleared }

    /// Whether the token in memory is that of a later refresh.
    func isOutdated(_ number: UInt64) -> Bool { kept > number }

    mutating func keep(_ number: UInt64) { kept = number }

    /// Records that memory is cleared now.
    mutating func clear() { cleared = last }
}
