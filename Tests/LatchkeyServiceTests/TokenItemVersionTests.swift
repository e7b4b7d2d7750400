import LatchkeyBroker
import LatchkeyCore
import LatchkeyService
import LatchkeyTestSupport
import LatchkeyUpstream
import Testing

@Suite("Items of a table with an invalid version") struct TokenItemVersionTests {
    @Test(arguments: Extremes.integers)
    func `A version is 0 to 2^62, anything else is replaced`(_ number: Int64) {
        let view = TokenItem.view(of: ["lease_version": .number(number), "version": .number(number)])
        let isOne = (0...(1 << 62)).contains(number)
        #expect((view.unreadableLease == nil) == (isOne && number > 0))
        #expect(view.leaseVersion == (isOne ? number : 0) && view.version == (isOne ? number : 0))
    }

    @Test(arguments: [["NULL": true], ["S": "7"], ["N": "1.5"], ["L": []], ["N": ""]] as [JSON])
    func `The stored value is the condition of the write that replaces it`(_ value: JSON) {
        let view = TokenItem.view(of: ["lease_version": .other(value)])
        #expect(view.unreadableLease == value)
        let lease = Lease(holder: "me", until: WallTime(milliseconds: .max), after: 0)
        let update = TokenItem.claim(lease, seen: view)
        #expect(update.condition == "#lease_version = :seen" && update.values[":seen"]?.json == value)
        #expect(update.expression.hasPrefix("SET ") && !update.expression.contains("ADD"))
    }
}
