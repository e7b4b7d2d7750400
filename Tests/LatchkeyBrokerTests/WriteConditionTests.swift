import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import Testing

/// The conditions of writes to a store with conditional writes.
@Suite struct WriteConditionTests {
    private func accepts(_ write: StoredToken, over stored: SharedTokenSnapshot) -> Bool {
        write.writeConditions.contains { $0.holds(for: stored) }
    }

    private func pair(expires: String, after: Int64) -> StoredToken {
        var pair = StoredToken(token: Secret("token"), expires: expires)
        pair.after = after
        return pair
    }

    @Test(arguments: [
        // The version that was read is replaced, whatever its expiry.
        (7, "2000", true), (7, "500", true),
        // A write that was delayed replaces an earlier expiry and no later one.
        (8, "999", true), (8, "1000", false), (8, "2000", false), (8, "", false),
    ])
    func `A token replaces the version that was read, else only a token that expires earlier`(
        version: Int64, expires: String, isAccepted: Bool
    ) {
        let stored = SharedTokenSnapshot(
            pair: StoredToken(token: Secret("stored"), expires: expires), version: version)
        #expect(accepts(pair(expires: "1000", after: 7), over: stored) == isAccepted)
    }

    @Test func `A token is written if there is none`() {
        #expect(accepts(pair(expires: "1000", after: 0), over: SharedTokenSnapshot()))
    }

    @Test func `A lease replaces only the version that was read`() {
        let lease = Lease(holder: "me", until: WallTime(milliseconds: 5), after: 0)
        func accepts(seen: SharedTokenSnapshot, stored: SharedTokenSnapshot) -> Bool {
            LeaseClaim(lease, seen: seen).condition.holds(for: stored)
        }
        let (none, third) = (SharedTokenSnapshot(), SharedTokenSnapshot(leaseVersion: 3))
        var unreadable = SharedTokenSnapshot()
        unreadable.unreadableLease = ["S": "x"]
        #expect(accepts(seen: none, stored: none) && !accepts(seen: none, stored: third))
        #expect(accepts(seen: third, stored: third) && !accepts(seen: third, stored: none))
        #expect(!accepts(seen: none, stored: unreadable) && accepts(seen: unreadable, stored: unreadable))
    }

    @Test func `The version of the written lease says whether the claim was won`() {
        let lease = Lease(holder: "me", until: WallTime(milliseconds: 5), after: 0)
        let first = LeaseClaim(lease, seen: SharedTokenSnapshot())
        #expect(!first.overwrites && first.isWon(version: 1) && !first.isWon(version: 2))
        let next = LeaseClaim(lease, seen: SharedTokenSnapshot(leaseVersion: 3))
        #expect(next.overwrites && next.isWon(version: 4) && !next.isWon(version: 5))
    }
}
