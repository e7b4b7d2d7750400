import LatchkeyCore
import Testing

@testable import LatchkeyHTTP

@Suite struct ConnectionClockTests {
    private static let second: Int64 = 1_000_000_000
    private let times = ConnectionTimes(ServerLimits())

    @Test func `A connection has a head's time to bring its first valid request, and then that of keep-alive`() {
        var clock = ConnectionClock(opened: 0, isOverCapacity: false)
        clock.since = 9 * Self.second
        #expect(clock.deadline(.request(isDraining: false), times) == 10 * Self.second)
        clock.hasBroughtRequest = true
        #expect(clock.deadline(.request(isDraining: false), times) == 69 * Self.second)
        #expect(clock.deadline(.request(isDraining: true), times) == 10 * Self.second)
    }

    @Test func `A connection past the cap is told so after 1 s and gone within 2 s, whatever it does`() {
        var clock = ConnectionClock(opened: 0, isOverCapacity: true)
        for wait in [ConnectionClock.Wait.request(isDraining: false), .head, .body] {
            #expect(clock.deadline(wait, times) == Self.second)
        }
        clock.since = Self.second
        #expect(clock.deadline(.lingering, times) == Self.second * 3 / 2)
        clock.since = 2 * Self.second
        #expect(clock.deadline(.lingering, times) == 2 * Self.second)
        #expect(clock.deadline(.output, times) == 2 * Self.second)
    }

    @Test func `Time in which nothing is read is not the caller's`() {
        var clock = ConnectionClock(opened: 0, isOverCapacity: false)
        clock.messageStart = Self.second
        clock.pause(2 * Self.second)
        clock.pause(3 * Self.second)
        clock.resume(22 * Self.second)
        #expect(clock.deadline(.head, times) == 31 * Self.second)
        #expect(clock.deadline(.turn, times) == .max && clock.deadline(.handler, times) == .max)
    }
}
