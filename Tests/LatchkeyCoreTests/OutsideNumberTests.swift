import LatchkeyCore
import LatchkeyTestSupport
import Testing

@Suite struct OutsideNumberTests {
    @Test(arguments: Extremes.texts)
    func `A text gives a whole number in range or nil`(_ text: String) {
        for range in [OutsideNumber.versions, OutsideNumber.counters, Int64.min...Int64.max, -5...5] {
            if let number = OutsideNumber.whole(text, in: range) {
                #expect(range.contains(number))
                #expect(Int64(text) == number)
            }
        }
    }

    @Test(arguments: Extremes.doubles)
    func `A double gives a whole number in range or nil, and can always be clamped`(_ value: Double) {
        for range in [OutsideNumber.versions, OutsideNumber.counters, Int64.min...Int64.max, -5...5] {
            if let number = OutsideNumber.whole(value, in: range) {
                #expect(range.contains(number) && Double(number) == value)
            }
            #expect(range.contains(OutsideNumber.clamped(value, to: range)))
        }
    }

    @Test func `Clamping gives the nearest number, and the lower bound for NaN`() {
        #expect(OutsideNumber.clamped(.nan, to: 3...9) == 3)
        #expect(OutsideNumber.clamped(.infinity, to: 3...9) == 9)
        #expect(OutsideNumber.clamped(-1e300, to: 3...9) == 3)
        #expect(OutsideNumber.clamped(4.5, to: 3...9) == 5)
        #expect(OutsideNumber.clamped(-0.0, to: 0...9) == 0)
    }

    @Test func `Versions are 0 to 2^62`() {
        for (number, isOne): (Int64?, Bool) in [
            (nil, false), (.min, false), (-1, false), (0, true), (7, true), (1 << 62, true), (1 << 62 + 1, false),
            (.max - 1, false), (.max, false),
        ] {
            #expect((OutsideNumber.version(number) != nil) == isOne, "\(String(describing: number))")
        }
    }

    @Test(arguments: Extremes.doubles)
    func `A date from any number of seconds allows arithmetic`(_ seconds: Double) {
        guard let date = OutsideNumber.date(seconds: seconds) else { return }
        #expect((date + .seconds(1)) > date)
        #expect((date - WallTime(milliseconds: 0)) != .seconds(Int64.max))
    }

    @Test(arguments: Extremes.integers)
    func `Arithmetic of times saturates`(_ number: Int64) {
        for other in Extremes.integers {
            let (wall, monotonic) = (WallTime(milliseconds: number), MonotonicTime(nanoseconds: number))
            _ = WallTime(seconds: number).seconds
            for duration in [Duration.seconds(other), .milliseconds(other), .nanoseconds(other)] {
                let isForward = duration >= .zero
                #expect(isForward ? wall + duration >= wall : wall + duration <= wall)
                #expect(isForward ? monotonic + duration >= monotonic : monotonic + duration <= monotonic)
            }
            #expect((wall - WallTime(milliseconds: other) >= .zero) == (number >= other))
            #expect((monotonic - MonotonicTime(nanoseconds: other) >= .zero) == (number >= other))
        }
    }
}
