/// How far another clock may be ahead of ours, as one of its answers shows it. Pure.
package struct ClockBounds: Hashable, Sendable {
    /// What has to be added to our wall clock at least, and at most, to have the other.
    package let least: Duration
    package let most: Duration

    /// Clocks that nothing shows to differ.
    package static let same = ClockBounds(least: .zero, most: .zero)

    private init(least: Duration, most: Duration) {
        self.least = least
        self.most = most
    }

    /// What an answer's `Date` shows, whose second is cut off (RFC 9110 §5.6.7): it was written after the request was
    /// sent, and before the answer was there.
    ///
    /// - Parameters:
    ///   - sent: our clock when the request was sent.
    ///   - received: our clock when the answer was there.
    package init(date: WallTime, sent: WallTime, received: WallTime) {
        self.init(least: date - received, most: max(date - received, date + .seconds(1) - sent))
    }

    /// The difference that is certain: zero where the clocks may be the same.
    package var certain: Duration { least > .zero ? least : min(most, .zero) }

    /// How much further the other clock may be than ``certain`` says.
    package var doubt: Duration { max(.zero, most - certain) }
}
