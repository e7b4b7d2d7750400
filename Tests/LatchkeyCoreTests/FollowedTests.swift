import LatchkeyCore
import Testing

@Suite struct FollowedTests {
    private typealias Reading = Followed<String>.Reading
    private typealias Event = Followed<String>.Event

    private func events(_ first: String?, _ readings: [Reading]) -> ([Event], String?) {
        var followed = Followed(first)
        let events = readings.map { followed.apply($0) }
        return (events, followed.value)
    }

    @Test func `A value changes once two readings in a row agree`() {
        let (events, value) = events("a", [.read("a"), .read("b"), .read("b"), .read("b")])
        #expect(events == [.nothing, .nothing, .changed("b"), .nothing])
        #expect(value == "b")
    }

    @Test func `A value that only one reading had is ignored`() {
        let (events, value) = events(
            "a", [.read("half"), .read("whole"), .read("half"), .read("whole"), .read("whole")])
        #expect(events == [.nothing, .nothing, .nothing, .nothing, .changed("whole")])
        #expect(value == "whole")
    }

    @Test func `A failure changes nothing and is reported once until it ends`() {
        let (events, value) = events(
            "a", [.failed(.absent), .failed(.absent), .failed(.absent), .read("a"), .read("a"), .read("a")])
        #expect(events == [.nothing, .failing(.absent), .nothing, .nothing, .recovered, .nothing])
        #expect(value == "a")
    }

    @Test func `A new reason is reported, and a failure of one reading is not`() {
        let (events, value) = events(
            "a", [.failed(.absent), .read("a"), .failed(.absent), .failed(.absent), .failed(.denied), .failed(.denied)])
        #expect(events == [.nothing, .nothing, .nothing, .failing(.absent), .nothing, .failing(.denied)])
        #expect(value == "a")
    }

    @Test func `A new value after a failure is a change and not a recovery`() {
        let (events, value) = events("a", [.failed(.empty), .failed(.empty), .read("b"), .read("b")])
        #expect(events == [.nothing, .failing(.empty), .nothing, .changed("b")])
        #expect(value == "b")
    }

    @Test func `Without an initial value the first one that two readings agree on is used`() {
        let (events, value) = events(nil, [.failed(.absent), .read("a"), .read("a")])
        #expect(events == [.nothing, .nothing, .changed("a")])
        #expect(value == "a")
    }
}
