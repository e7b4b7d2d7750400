import LatchkeyCore
import Testing

/// What an answer's date shows of another clock.
@Suite struct `Bounds of another clock` {
    private let noon = WallTime(seconds: 1_700_000_000)

    /// The bounds where the other clock is ahead of ours by `ahead`, and the answer took `took` each way.
    private func bounds(ahead: Duration, took: Duration) -> ClockBounds {
        let stamped = noon + .milliseconds(400)
        let ours = stamped + (.zero - ahead)
        return ClockBounds(
            date: WallTime(seconds: stamped.seconds), sent: ours + (.zero - took), received: ours + took)
    }

    @Test(arguments: [-100_000, -3000, -900, 0, 300, 900, 2000, 100_000], [1, 50, 3000])
    func `The truth lies between them`(_ milliseconds: Int, _ took: Int) {
        let ahead = Duration.milliseconds(milliseconds)
        let bounds = bounds(ahead: ahead, took: .milliseconds(took))
        #expect(bounds.least <= ahead)
        #expect(bounds.most >= ahead)
        #expect(bounds.certain + bounds.doubt >= ahead)
        #expect(bounds.most - bounds.least == .seconds(1) + .milliseconds(took) * 2)
    }

    @Test func `Clocks that may agree are taken to agree, and others are certain to be apart`() {
        #expect(bounds(ahead: .zero, took: .milliseconds(5)).certain == .zero)
        #expect(bounds(ahead: .milliseconds(200), took: .milliseconds(5)).certain == .zero)
        #expect(bounds(ahead: .seconds(60), took: .milliseconds(5)).certain > .seconds(59))
        #expect(bounds(ahead: .seconds(-60), took: .milliseconds(5)).certain < .seconds(-59))
        #expect(ClockBounds.same.doubt == .zero)
    }
}
