import LatchkeyCore
import LatchkeyTestSupport
import Testing

@Suite struct TokenBucketTests {
    private func time(_ milliseconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: milliseconds * 1_000_000) }

    @Test func `A full bucket allows a burst, and then events at the rate`() {
        var bucket = TokenBucket(perSecond: 20)
        let starts = (0..<25).map { _ in bucket.reserve(time(1000), notLaterThan: .distantFuture) }
        #expect(starts.prefix(20).allSatisfy { $0 == time(1000) })
        #expect(Array(starts.dropFirst(20)) == (1...5).map { time(1000 + 50 * $0) })
    }

    @Test func `No window has more events than the rate and one burst`() {
        var bucket = TokenBucket(perSecond: 10)
        var starts: [Int64] = []
        for millisecond in stride(from: Int64(0), to: 10_000, by: 7) {
            if let start = bucket.reserve(time(millisecond), notLaterThan: time(millisecond)) {
                starts.append(start.nanoseconds / 1_000_000)
            }
        }
        for (index, start) in starts.enumerated() {
            #expect(starts[index...].prefix { $0 < start + 1000 }.count <= 20)
        }
        #expect((100...111).contains(starts.count))
    }

    @Test func `A reservation that would be too late is not made`() {
        var bucket = TokenBucket(perSecond: 1)
        let first = bucket.reserve(time(0), notLaterThan: time(0))
        let refused = bucket.reserve(time(1), notLaterThan: time(500))
        let second = bucket.reserve(time(1), notLaterThan: time(1000))
        #expect(first == time(0))
        #expect(refused == nil)
        #expect(second == time(1000), "the refused one reserved nothing")
    }

    @Test(arguments: [1, 3, 30, 40, 7.5])
    func `The remaining events are those that can be taken`(perSecond: Double) {
        var bucket = TokenBucket(perSecond: perSecond)
        for now in [time(0), time(10_000), time(10_400)] {
            let remaining = bucket.remaining(now)
            let taken = (0...remaining).map { _ in bucket.take(now) }
            #expect(taken.last == false && taken.dropLast().allSatisfy { $0 })
            #expect(bucket.remaining(now) == 0)
        }
        #expect(bucket.remaining(time(20_000)) == Int64(perSecond))
    }

    @Test func `A lower rate applies to later events alone`() {
        var bucket = TokenBucket(perSecond: 10)
        for _ in 0..<11 { _ = bucket.reserve(time(0), notLaterThan: .distantFuture) }
        #expect(bucket.earliest(time(0)) == time(200))
        bucket.perSecond = 2
        #expect(bucket.earliest(time(0)) == time(600))
    }

    @Test func `Below one event a second the bucket holds one event`() {
        var bucket = TokenBucket(perSecond: 0.5)
        let taken = [0, 1999, 2000].map { bucket.take(time($0)) }
        #expect(taken == [true, false, true])
    }

    @Test func `A drained bucket allows the next event after one interval`() {
        var bucket = TokenBucket(perSecond: 4)
        bucket.drain(time(1000))
        #expect(bucket.remaining(time(1000)) == 0)
        #expect(bucket.earliest(time(1000)) == time(1250))
    }

    @Test(arguments: Extremes.doubles)
    func `No rate and no time make it trap`(perSecond: Double) {
        for number in Extremes.integers {
            var bucket = TokenBucket(perSecond: perSecond)
            let now = MonotonicTime(nanoseconds: number)
            let isTaken = bucket.take(now)
            #expect(isTaken)
            #expect(bucket.remaining(now) >= 0)
            #expect(bucket.earliest(now) >= now)
            bucket.drain(now)
            _ = bucket.reserve(now, notLaterThan: .distantFuture)
            #expect(bucket.remaining(.distantFuture) >= 0)
        }
    }
}
