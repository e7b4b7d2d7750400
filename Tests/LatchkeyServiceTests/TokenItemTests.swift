import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyService
import LatchkeyUpstream
import Testing

/// The content of a table's item, and the conditions of its updates.
@Suite struct TokenItemTests {
    private let lease = Lease(holder: "me", until: WallTime(milliseconds: 1_700_000_005_000), after: 7)

    private func pair(_ text: String = "token", expires: String = "1700003600000", after: Int64 = 7) -> StoredToken {
        var pair = StoredToken(token: Secret(text), expires: expires)
        pair.after = after
        return pair
    }

    @Test(arguments: [("default", "/app/auth0-cache"), ("billing", "/app/auth0-cache/billing")])
    func `An item has the path that its parameters would have`(profile: String, path: String) {
        #expect(TokenItem(prefix: "/app", profile: profile).path == path)
    }

    @Test func `A missing item is an empty tier`() {
        let view = TokenItem.view(of: nil)
        #expect(view.pair == nil && view.version == 0 && view.lease == nil && view.leaseVersion == 0)
    }

    @Test func `An item holds the pair, the lease and their versions`() {
        let view = TokenItem.view(of: [
            "profile": .text("/app/auth0-cache"), "token": .text("t"), "expires": .number(1_700_003_600_000),
            "version": .number(8), "lease": .text(lease.text), "lease_version": .number(3), "ttl": .number(1),
        ])
        #expect(view.pair == pair("t"))
        #expect(view.version == 8 && view.lease == lease && view.leaseVersion == 3)
    }

    @Test func `Unknown attributes and types are ignored`() {
        let view = TokenItem.view(of: [
            "token": .number(5), "expires": .text("soon"), "lease": .text("{}"), "else": .text("x"),
        ])
        #expect(view.pair == nil && view.lease == nil)
    }

    @Test func `A token replaces the one that was read, or one that expires earlier`() {
        let update = TokenItem.write(pair())
        #expect(update.condition == "attribute_not_exists(#version) OR #version = :after OR #expires < :expires")
        #expect(update.values[":after"]?.number == 7)
        #expect(update.values[":expires"]?.number == 1_700_003_600_000)
        #expect(update.values[":ttl"]?.number == 1_700_090_000)
    }

    @Test func `A lease is created if there is none, and replaced only if it has not changed`() {
        let first = TokenItem.claim(lease, seen: SharedTokenSnapshot())
        #expect(first.condition == "attribute_not_exists(#lease_version)" && first.values[":seen"] == nil)
        let next = TokenItem.claim(lease, seen: SharedTokenSnapshot(leaseVersion: 3))
        #expect(next.condition == "#lease_version = :seen" && next.values[":seen"]?.number == 3)
        #expect(next.values[":lease"]?.string == Secret(lease.text))
    }

    @Test(arguments: [
        TokenItem.write(StoredToken(token: Secret("t"), expires: "1")),
        TokenItem.claim(Lease(holder: "me", until: WallTime(milliseconds: 1), after: 0), seen: SharedTokenSnapshot()),
        TokenItem.claim(
            Lease(holder: "me", until: WallTime(milliseconds: 1), after: 0), seen: SharedTokenSnapshot(leaseVersion: 1)),
    ])
    func `Every name and value of an update is used, and every one used is given`(update: DynamoDB.Update) {
        // DynamoDB rejects unused names and values (UpdateItem, ValidationException).
        let text = update.expression + " " + update.condition
        let words = text.split { !($0.isLetter || $0 == "_" || $0 == "#" || $0 == ":") }
        #expect(Set(words.filter { $0.hasPrefix("#") }.map { String($0.dropFirst()) }) == Set(update.names))
        #expect(Set(words.filter { $0.hasPrefix(":") }.map(String.init)) == Set(update.values.keys))
    }
}
