import LatchkeyCore
import Testing

@testable import LatchkeyHTTP

@Suite struct ConnectionDeadlinesTests {
    private static let second: Int64 = 1_000_000_000
    private let timeouts = ConnectionTimeouts(ServerLimits())

    @Test func `A connection has the first-request timeout until its first valid request, and then the idle timeout`() {
        var deadlines = ConnectionDeadlines(openedAt: 0, isOverCapacity: false)
        deadlines.waitingSince = 9 * Self.second
        #expect(deadlines.deadline(.request(isDraining: false), timeouts) == 10 * Self.second)
        deadlines.hasValidRequest = true
        #expect(deadlines.deadline(.request(isDraining: false), timeouts) == 69 * Self.second)
        #expect(deadlines.deadline(.request(isDraining: true), timeouts) == 10 * Self.second)
    }

    @Test func `A connection over the cap is answered after 1 s and closed within 2 s, whatever it does`() {
        var deadlines = ConnectionDeadlines(openedAt: 0, isOverCapacity: true)
        for wait in [ConnectionDeadlines.Wait.request(isDraining: false), .head, .body] {
            #expect(deadlines.deadline(wait, timeouts) == Self.second)
        }
        deadlines.waitingSince = Self.second
        #expect(deadlines.deadline(.lingering, timeouts) == Self.second * 3 / 2)
        deadlines.waitingSince = 2 * Self.second
        #expect(deadlines.deadline(.lingering, timeouts) == 2 * Self.second)
        #expect(deadlines.deadline(.output, timeouts) == 2 * Self.second)
    }

    @Test func `Time in which nothing is read does not count against the caller`() {
        var deadlines = ConnectionDeadlines(openedAt: 0, isOverCapacity: false)
        deadlines.messageStart = Self.second
        deadlines.pause(2 * Self.second)
        deadlines.pause(3 * Self.second)
        deadlines.resume(22 * Self.second)
        #expect(deadlines.deadline(.head, timeouts) == 31 * Self.second)
        #expect(deadlines.deadline(.turn, timeouts) == .max && deadlines.deadline(.handler, timeouts) == .max)
    }
}
