import LatchkeyCore
import Testing

@Suite struct FollowedTests {
    private typealias Look = Followed<String>.Look
    private typealias Event = Followed<String>.Event

    private func events(_ first: String?, _ looks: [Look]) -> ([Event], String?) {
        var followed = Followed(first)
        let events = looks.map { followed.take($0) }
        return (events, followed.value)
    }

    @Test func `A value changes once two looks agree on it`() {
        let (events, value) = events("a", [.read("a"), .read("b"), .read("b"), .read("b")])
        #expect(events == [.nothing, .nothing, .changed("b"), .nothing])
        #expect(value == "b")
    }

    @Test func `What stood there for one look is no value`() {
        let (events, value) = events(
            "a", [.read("half"), .read("whole"), .read("half"), .read("whole"), .read("whole")])
        #expect(events == [.nothing, .nothing, .nothing, .nothing, .changed("whole")])
        #expect(value == "whole")
    }

    @Test func `A failure changes nothing, and is told once until it ends`() {
        let (events, value) = events(
            "a", [.failed(.absent), .failed(.absent), .failed(.absent), .read("a"), .read("a"), .read("a")])
        #expect(events == [.nothing, .failing(.absent), .nothing, .nothing, .recovered, .nothing])
        #expect(value == "a")
    }

    @Test func `Another reason is told too, and a failure that passed at once is not`() {
        let (events, value) = events(
            "a", [.failed(.absent), .read("a"), .failed(.absent), .failed(.absent), .failed(.denied), .failed(.denied)])
        #expect(events == [.nothing, .nothing, .nothing, .failing(.absent), .nothing, .failing(.denied)])
        #expect(value == "a")
    }

    @Test func `A value that comes after a failure is a change and not a recovery`() {
        let (events, value) = events("a", [.failed(.empty), .failed(.empty), .read("b"), .read("b")])
        #expect(events == [.nothing, .failing(.empty), .nothing, .changed("b")])
        #expect(value == "b")
    }

    @Test func `Without a first value the first that two looks agree on is taken`() {
        let (events, value) = events(nil, [.failed(.absent), .read("a"), .read("a")])
        #expect(events == [.nothing, .nothing, .changed("a")])
        #expect(value == "a")
    }
}
