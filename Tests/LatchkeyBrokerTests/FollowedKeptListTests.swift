import LatchkeyBroker
import LatchkeyCore
import LatchkeyMetrics
import Testing

@Suite struct FollowedKeptListTests {
    private static let denied = UpstreamFault(.denied, upstream: .parameterStore, code: "AccessDeniedException")
    private static let down = UpstreamFault(.unavailable, upstream: .parameterStore, code: "connect_failed")

    private static func list(_ names: String...) -> KeptList { KeptList(names: names) }

    @Test func `A list is followed, and a parameter that is missing, denied, unreadable or no list does not change it`()
    {
        var followed = FollowedKeptList()
        #expect(followed.apply(.text("a/b,a/c")) == .follow(Self.list("a/b", "a/c")))
        let readings: [(FollowedKeptList.Reading, FollowedKeptList.Failure)] = [
            (.absent, .gone), (.denied(Self.denied), .denied(Self.denied)), (.unread(Self.down), .unread(Self.down)),
            (.text("  "), .noList),
        ]
        for (reading, failure) in readings {
            #expect(followed.apply(reading) == .failing(failure))
            #expect(followed.apply(reading) == .nothing, "one warning and no more")
            #expect(followed.list == Self.list("a/b", "a/c"))
            #expect(!followed.isDeniedFromTheStart)
        }
        let tooLong = String(repeating: "a", count: KeptList.maxBytes + 1)
        #expect(followed.apply(.text(tooLong)) == .nothing, "it is not a list either")
        #expect(followed.apply(.text("a/c, a/b\n")) == .recovered)
        #expect(followed.apply(.text("placeholder")) == .follow(Self.list()))
        #expect(followed.apply(.absent) == .nothing, "nothing was kept, so nothing is missing")
    }

    @Test
    func `Without an earlier list, absence and denial mean that no secret is kept, and an outage leaves it unknown`() {
        var absent = FollowedKeptList()
        #expect(absent.apply(.absent) == .follow(Self.list()))
        #expect(absent.failure == nil)
        var denied = FollowedKeptList()
        #expect(denied.apply(.denied(Self.denied)) == .failing(.denied(Self.denied)))
        #expect(denied.list == Self.list())
        #expect(denied.isDeniedFromTheStart)
        #expect(denied.apply(.text("a/b")) == .follow(Self.list("a/b")))
        var down = FollowedKeptList()
        #expect(down.apply(.unread(Self.down)) == .failing(.unread(Self.down)))
        #expect(down.list == nil)
        #expect(down.apply(.absent) == .follow(Self.list()))
    }

    @Test(arguments: [
        ("placeholder", []), (" placeholder \n", []), ("a", ["a"]), ("b,a,b", ["a", "b"]), (",a,,", ["a"]),
        ("a/b c", ["a/b c"]), ("placeholder,a", ["a", "placeholder"]),
    ])
    func `The text of a list is parsed as it was written`(text: String, names: [String]) {
        #expect(KeptList(text)?.names == names)
        #expect(KeptList(KeptList(names: names).text)?.names == names)
    }
}
