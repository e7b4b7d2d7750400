import LatchkeyAPI
import LatchkeyBroker
import LatchkeyCore
import LatchkeyTestSupport
import Synchronization
import Testing

@Suite("The profile of an audience") struct AudienceCacheTests {
    private static let start = MonotonicTime(nanoseconds: 5_000_000_000)

    /// Profiles by audience, with the number of lookups.
    private final class Table: Sendable {
        let profiles = Mutex<[String: ProfileID]>([:])
        let asked = Atomic<Int>(0)

        func find(_ audience: String) -> ProfileID? {
            asked.add(1, ordering: .relaxed)
            return profiles.withLock { $0[audience] }
        }
    }

    private func audiences(over table: Table) -> AudienceCache {
        AudienceCache { audience, _, _ async throws(UpstreamFault) in table.find(audience) }
    }

    @Test func `A result is cached for its lifetime`() async throws {
        let table = Table()
        table.profiles.withLock { $0["a"] = ProfileID(3) }
        let audiences = audiences(over: table)
        #expect(audiences.cachedProfile(of: "a", now: Self.start) == nil)
        let found = try await audiences.profile(of: "a", deadline: Self.start + .seconds(1), now: Self.start)
        #expect(found == ProfileID(3))
        let last = Self.start + AudienceCache.lifetime
        #expect(audiences.cachedProfile(of: "a", now: last + .milliseconds(-1)) == ProfileID(3))
        #expect(audiences.cachedProfile(of: "a", now: last) == nil)
        #expect(table.asked.load(ordering: .relaxed) == 1)
    }

    @Test func `An audience that has moved is found at the next lookup`() async throws {
        let table = Table()
        table.profiles.withLock { $0["a"] = ProfileID(0) }
        let audiences = audiences(over: table)
        _ = try await audiences.profile(of: "a", deadline: Self.start, now: Self.start)
        table.profiles.withLock { $0["a"] = ProfileID(1) }
        let deferred = Self.start + AudienceCache.lifetime
        #expect(try await audiences.profile(of: "a", deadline: deferred, now: deferred) == ProfileID(1))
        #expect(audiences.cachedProfile(of: "a", now: deferred) == ProfileID(1))
    }

    @Test func `When profiles change the cache is emptied, and a lookup in progress is not cached`() async throws {
        let table = Table()
        table.profiles.withLock { $0["a"] = ProfileID(1) }
        let audiences = audiences(over: table)
        _ = try await audiences.profile(of: "a", deadline: Self.start, now: Self.start)
        audiences.removeAll()
        #expect(audiences.cachedProfile(of: "a", now: Self.start) == nil)
        let (gate, asked) = (Gate(), Inbox<String>())
        let slow = AudienceCache { audience, _, _ async throws(UpstreamFault) in
            asked.put(audience)
            await gate.pass()
            return ProfileID(1)
        }
        async let found = slow.profile(of: "a", deadline: Self.start, now: Self.start)
        await asked.first(1)
        slow.removeAll()
        gate.open()
        #expect(try await found == ProfileID(1))
        #expect(slow.cachedProfile(of: "a", now: Self.start) == nil)
    }

    @Test func `A missing audience is looked up each time and never cached`() async throws {
        let table = Table()
        let audiences = audiences(over: table)
        for _ in 0..<3 {
            #expect(try await audiences.profile(of: "x", deadline: Self.start, now: Self.start) == nil)
            #expect(audiences.cachedProfile(of: "x", now: Self.start) == nil)
        }
        #expect(table.asked.load(ordering: .relaxed) == 3)
    }

    @Test func `A failed lookup is returned to the caller and is not cached`() async {
        let audiences = AudienceCache { _, _, _ async throws(UpstreamFault) in throw UpstreamFault(.timedOut) }
        await #expect(throws: UpstreamFault.self) {
            try await audiences.profile(of: "a", deadline: Self.start, now: Self.start)
        }
        #expect(audiences.cachedProfile(of: "a", now: Self.start) == nil)
    }

    @Test func `The cache does not exceed its capacity`() async throws {
        let audiences = AudienceCache { _, _, _ async throws(UpstreamFault) in ProfileID(0) }
        let names = (0...AudienceCache.capacity).map { "a\($0)" }
        for name in names { _ = try await audiences.profile(of: name, deadline: Self.start, now: Self.start) }
        #expect(names.count { audiences.cachedProfile(of: $0, now: Self.start) != nil } <= AudienceCache.capacity)
        #expect(audiences.cachedProfile(of: names[AudienceCache.capacity], now: Self.start) != nil)
    }
}
