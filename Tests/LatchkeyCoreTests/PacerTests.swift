import LatchkeyCore
import Testing

@Suite struct PacerTests {
    private func time(_ milliseconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: milliseconds * 1_000_000) }

    @Test func `A burst goes at once, what follows at the rate`() {
        var pacer = Pacer(20, each: .seconds(1))
        let starts = (0..<25).map { _ in pacer.reserve(time(1000), notLaterThan: .distantFuture) }
        #expect(starts.prefix(20).allSatisfy { $0 == time(1000) })
        #expect(Array(starts.dropFirst(20)) == (1...5).map { time(1000 + 50 * $0) })
    }

    @Test func `No more than the rate and one burst go in any window`() {
        var pacer = Pacer(10, each: .seconds(1))
        var starts: [Int64] = []
        for millisecond in stride(from: Int64(0), to: 10_000, by: 7) {
            if let start = pacer.reserve(time(millisecond), notLaterThan: time(millisecond)) {
                starts.append(start.nanoseconds / 1_000_000)
            }
        }
        for (index, start) in starts.enumerated() {
            #expect(starts[index...].prefix { $0 < start + 1000 }.count <= 20)
        }
        #expect((100...111).contains(starts.count))
    }

    @Test func `A place that would come too late is not taken`() {
        var pacer = Pacer(1, each: .seconds(1))
        #expect(pacer.reserve(time(0), notLaterThan: time(0)) == time(0))
        #expect(pacer.reserve(time(1), notLaterThan: time(500)) == nil)
        #expect(pacer.reserve(time(1), notLaterThan: time(1000)) == time(1000), "the refused one took nothing")
    }
}
