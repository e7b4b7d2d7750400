import LatchkeyNet
import Testing

@Suite struct UnixSocketOwnerTests {
    @Test(arguments: ["", ":", "a:", "a:b:c", "a b", "a/b", "a\n", "ä"]) func `Other texts are no owner`(text: String) {
        #expect(UnixSocketOwner(text) == nil)
    }

    @Test(
        arguments: [
            ("root", 0, nil), ("0", 0, nil), ("root:root", 0, 0), (":root", nil, 0), ("1234:5678", 1234, 5678),
            (":4294967294", nil, 4_294_967_294),
        ] as [(String, UInt32?, UInt32?)])
    func `A name or a number is looked up`(text: String, user: UInt32?, group: UInt32?) throws {
        #expect(try #require(UnixSocketOwner(text)).ids() == UnixSocketOwner.IDs(user: user, group: group))
    }

    @Test(arguments: [
        ("no-such-user", "no user no-such-user"), ("root:no-such", "no group no-such"), ("4294967295", "no user"),
    ])
    func `A name that the machine does not have is an error that says it`(text: String, message: String) throws {
        let owner = try #require(UnixSocketOwner(text))
        let error = try #require(throws: UnixSocketOwner.UnknownName.self) { try owner.ids() }
        #expect("\(error)".contains(message))
    }
}
