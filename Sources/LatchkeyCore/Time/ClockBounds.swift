/// Bounds of the difference between another machine's wall clock and ours, from one of its responses. Pure.
package struct ClockBounds: Hashable, Sendable {
    /// The least that the other clock may be ahead of ours. Negative: it is behind.
    package let minDifference: Duration
    /// The most that the other clock may be ahead of ours.
    package let maxDifference: Duration

    /// Two clocks that are taken to agree.
    package static let same = ClockBounds(minDifference: .zero, maxDifference: .zero)

    private init(minDifference: Duration, maxDifference: Duration) {
        self.minDifference = minDifference
        self.maxDifference = maxDifference
    }

    /// The bounds that a response's `Date` field gives. The server wrote the field after we sent the request and before
    /// we received the response, and dropped the fraction of the second (RFC 9110 §5.6.7).
    ///
    /// - Parameters:
    ///   - sent: our clock when the request was sent.
    ///   - received: our clock when the response was received.
    package init(date: WallTime, sent: WallTime, received: WallTime) {
        let least = date - received
        self.init(minDifference: least, maxDifference: max(least, date + .seconds(1) - sent))
    }

    /// The smallest difference within the bounds; zero if the clocks may agree.
    package var certain: Duration { minDifference > .zero ? minDifference : min(maxDifference, .zero) }

    /// How much further ahead than ``certain`` the other clock may be.
    package var doubt: Duration { max(.zero, maxDifference - certain) }
}
