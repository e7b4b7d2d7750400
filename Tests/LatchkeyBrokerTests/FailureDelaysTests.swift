import LatchkeyCore
import LatchkeyTestSupport
import Testing

@testable import LatchkeyBroker

@Suite("Delays of answers to wrong credentials") struct FailureDelaysTests {
    private func at(_ milliseconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: milliseconds * 1_000_000) }

    /// The delays in milliseconds of failures of one peer, each 10 ms after the one before.
    private func delays(
        _ count: Int, _ delays: inout FailureDelays<Int>, from peer: Int = 1, claiming id: String? = nil,
        start: Int64 = 0
    ) -> [Int64] {
        (0..<count).map { number in
            let delay = delays.failed(from: peer, claiming: id, now: at(start + Int64(number) * 10))
            return delay.clampedNanoseconds / 1_000_000
        }
    }

    private let series: [Int64] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 100, 200, 400, 800, 1600, 2000, 2000, 2000]

    @Test func `The tenth failure within a minute is delayed by 100 ms, and further ones by twice as much up to 2 s`() {
        var table = FailureDelays<Int>()
        #expect(delays(17, &table) == series)
    }

    @Test func `Failures count for a minute`() {
        var table = FailureDelays<Int>()
        #expect(delays(9, &table) == series.prefix(9) + [])
        #expect(table.failed(from: 1, now: at(59_999)) == .milliseconds(100))
        // Nine failures of the first 80 ms have left the window, and the tenth has not.
        #expect(delays(8, &table, start: 60_100).allSatisfy { $0 == 0 })
        #expect(table.failed(from: 1, now: at(60_200)) == .milliseconds(100))
        #expect(table.failed(from: 1, now: at(200_000)) == .zero)
    }

    @Test func `One failure in seven seconds is never delayed, and one in six is`() {
        var (slow, fast) = (FailureDelays<Int>(), FailureDelays<Int>())
        let slowest = (0..<100).map { slow.failed(from: 1, now: at($0 * 6_700)) }.max()
        #expect(slowest == .zero)
        let fastest = (0..<100).map { fast.failed(from: 1, now: at($0 * 6_600)) }.max()
        #expect(fastest == .milliseconds(100))
    }

    @Test func `Peers do not share their count`() {
        var table = FailureDelays<Int>()
        _ = delays(30, &table, from: 1)
        #expect(delays(9, &table, from: 2).allSatisfy { $0 == 0 })
    }

    @Test func `A claimed caller id has a count of its own, whichever peers claim it`() {
        var table = FailureDelays<Int>()
        let all = (0..<17).map { number in
            table.failed(from: number, claiming: "orders", now: at(Int64(number))).clampedNanoseconds / 1_000_000
        }
        #expect(all == series)
        #expect(table.failed(from: 100, claiming: "Orders", now: at(20)) == .zero)
        #expect(table.failed(from: 101, now: at(21)) == .zero)
    }

    @Test func `The longer delay of peer and claimed id counts`() {
        var table = FailureDelays<Int>()
        _ = delays(12, &table, from: 1)
        _ = (0..<9).map { table.failed(from: 2 + $0, claiming: "orders", now: at(500)) }
        #expect(table.failed(from: 1, claiming: "orders", now: at(600)) == .milliseconds(800))
    }

    @Test func `Memory is bounded, and the peer that failed longest ago is forgotten`() {
        var table = FailureDelays<Int>()
        let bound = FailureDelays<Int>.maxPeers
        _ = delays(15, &table, from: -1, claiming: "kept")
        for number in 0..<(bound + 500) {
            _ = table.failed(from: number, claiming: "id-\(number)", now: at(1_000))
            if number % 1_000 == 0 {
                #expect(table.failed(from: -1, claiming: "kept", now: at(1_000)) == .seconds(2))
            }
        }
        #expect(table.peerCount == bound && table.claimCount == bound)
        #expect(table.failed(from: -1, now: at(2_000)) == .seconds(2))
        #expect(table.failed(from: 0, claiming: "id-0", now: at(2_000)) == .zero)
    }

    @Test(arguments: [Int64.min, -1, 0, Int64.max - 1, Int64.max])
    func `Extreme times do not trap`(_ time: Int64) {
        var table = FailureDelays<Int>()
        for _ in 0..<40 { _ = table.failed(from: 1, claiming: "", now: MonotonicTime(nanoseconds: time)) }
        #expect(table.failed(from: 1, now: MonotonicTime(nanoseconds: time)) <= .seconds(2))
    }

    /// An oracle that keeps every time.
    @Test func `The count is that of all failures of the last minute`() {
        for seed in UInt64(0)..<50 {
            var random = SeededGenerator(seed: seed)
            var (table, times, now) = (FailureDelays<Int>(), [Int64](), Int64(0))
            for _ in 0..<200 {
                now += Int64.random(in: 0..<12_000, using: &random) * (Bool.random(using: &random) ? 1 : 0)
                times.append(now)
                let failures = times.count { $0 > now - 60_000 }
                let wanted = failures < 10 ? 0 : min(2_000, 100 << Int64(min(failures - 10, 10)))
                #expect(table.failed(from: 7, now: at(now)) == .milliseconds(wanted), "seed \(seed)")
            }
        }
    }
}
