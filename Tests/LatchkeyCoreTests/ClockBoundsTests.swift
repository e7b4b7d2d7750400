import LatchkeyCore
import Testing

@Suite struct ClockBoundsTests {
    private let noon = WallTime(seconds: 1_700_000_000)

    /// The bounds if the other clock is ahead of ours by `ahead` and the response took `took` in each direction.
    private func bounds(ahead: Duration, took: Duration) -> ClockBounds {
        let stamped = noon + .milliseconds(400)
        let ours = stamped + (.zero - ahead)
        return ClockBounds(
            date: WallTime(seconds: stamped.seconds), sent: ours + (.zero - took), received: ours + took)
    }

    @Test(arguments: [-100_000, -3000, -900, 0, 300, 900, 2000, 100_000], [1, 50, 3000])
    func `The true difference is within the bounds`(_ milliseconds: Int, _ took: Int) {
        let ahead = Duration.milliseconds(milliseconds)
        let bounds = bounds(ahead: ahead, took: .milliseconds(took))
        #expect(bounds.minDifference <= ahead)
        #expect(bounds.maxDifference >= ahead)
        #expect(bounds.certain + bounds.doubt >= ahead)
        #expect(bounds.maxDifference - bounds.minDifference == .seconds(1) + .milliseconds(took) * 2)
    }

    @Test func `Clocks that may agree are taken to agree, and clocks that cannot have a certain difference`() {
        #expect(bounds(ahead: .zero, took: .milliseconds(5)).certain == .zero)
        #expect(bounds(ahead: .milliseconds(200), took: .milliseconds(5)).certain == .zero)
        #expect(bounds(ahead: .seconds(60), took: .milliseconds(5)).certain > .seconds(59))
        #expect(bounds(ahead: .seconds(-60), took: .milliseconds(5)).certain < .seconds(-59))
        #expect(ClockBounds.same.doubt == .zero)
    }
}
