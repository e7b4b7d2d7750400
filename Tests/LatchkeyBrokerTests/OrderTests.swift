import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Testing

/// A read that was requested after a change returns the change, and memory never returns to an older value.
@Suite("The order of concurrent reads") struct OrderTests {
    let fixture = SecretFixture()

    /// Starts a read whose answer waits at the gate. Returns once the store has been called.
    private func begin(
        _ key: String, _ demand: SecretDemand, _ gate: Gate?, after calls: Int
    ) async throws -> Inbox<Result<ServedSecret, UpstreamFault>> {
        fixture.store.answers(at: gate)
        let answers = Inbox<Result<ServedSecret, UpstreamFault>>()
        try fixture.broker.secret(fixture.query(key), demand: demand, deadline: fixture.deadline) { answers.put($0) }
        await fixture.store.calls.first(calls)
        return answers
    }

    private func text(_ answers: Inbox<Result<ServedSecret, UpstreamFault>>) async throws -> String? {
        try await answers.first(1)[0].get().entry.value.revealText()
    }

    @Test(arguments: ["k", "secrets"])
    func `A forced read does not join an older read, and the older answer does not replace the newer one`(
        _ key: String
    ) async throws {
        // The blob is cached, so one read is one call.
        if key == "k" { _ = try? await fixture.secret("secrets") }
        let before = fixture.store.calls.count
        fixture.store.put("/app/dev/\(key)", #"{"v":1}"#)
        let (old, new) = (Gate(), Gate())
        let first = try await begin(key, .cached, old, after: before + 1)
        fixture.store.put("/app/dev/\(key)", #"{"v":2}"#, version: "2")
        let forcedCalls = key == "k" ? 2 : 1
        fixture.store.answers(at: key == "k" ? nil : new)
        let second = try await begin(key, .forced, key == "k" ? nil : new, after: before + 1 + forcedCalls)
        new.open()
        #expect(try await text(second) == #"{"v":2}"#)
        old.open()
        #expect(try await text(first) == #"{"v":1}"#)
        #expect(try await fixture.text(key) == #"{"v":2}"#)
    }

    @Test func `An older answer that the item does not exist does not remove it`() async throws {
        _ = try? await fixture.secret("secrets")
        let old = Gate()
        let first = try await begin("k", .cached, old, after: 2)
        fixture.store.put("/app/dev/k", "v2")
        fixture.store.answers(at: nil)
        #expect(try await fixture.text("k", refresh: true) == "v2")
        old.open()
        let outcome = await first.first(1)[0]
        #expect(throws: UpstreamFault.self) { try outcome.get() }
        #expect(try fixture.isCached("k"))
    }

    @Test func `An older success does not undo a newer refusal`() async throws {
        _ = try? await fixture.secret("secrets")
        fixture.store.put("/app/dev/k", "v1")
        let old = Gate()
        let first = try await begin("k", .cached, old, after: 2)
        fixture.store.answers(at: nil)
        fixture.store.fail("/app/dev/k", UpstreamFault(.denied, upstream: .parameterStore))
        await #expect(throws: UpstreamFault.self) { try await fixture.text("k", refresh: true) }
        old.open()
        #expect(try await text(first) == "v1")
        #expect(try !fixture.isCached("k"))
    }

    @Test func `The result of a read from before a clear is not kept, and later callers do not join it`() async throws {
        _ = try? await fixture.secret("secrets")
        fixture.store.put("/app/dev/k", "v1")
        let old = Gate()
        let first = try await begin("k", .cached, old, after: 2)
        fixture.store.put("/app/dev/k", "v2", version: "2")
        fixture.broker.clear()
        fixture.store.answers(at: nil)
        #expect(try await fixture.text("k") == "v2")
        old.open()
        #expect(try await text(first) == "v1")
        #expect(try await fixture.text("k") == "v2")
    }

    @Test func `Latchkey's own check does not use up a caller's forced read, and joins a read in progress`()
        async throws
    {
        fixture.store.put("/app/dev/secrets", #"{"k":"old"}"#)
        #expect(try await fixture.text("k") == "old")
        _ = try await fixture.broker.secret(
            SecretQuery(.blob), demand: .recent(maximumAge: .zero), deadline: fixture.deadline)
        #expect(fixture.store.calls.count == 2)
        fixture.store.put("/app/dev/secrets", #"{"k":"new"}"#, version: "2")
        let served = try await fixture.secret("k", refresh: true)
        #expect(served.entry.value.revealText() == "new" && served.refreshError == nil)
        let gate = Gate()
        fixture.sleeper.advance(by: .seconds(400))
        let first = try await begin("secrets", .cached, gate, after: 4)
        try fixture.broker.secret(
            fixture.query("secrets"), demand: .recent(maximumAge: .zero), deadline: fixture.deadline
        ) { _ in }
        gate.open()
        _ = try await first.first(1)[0].get()
        #expect(fixture.store.calls.count == 4)
    }

    @Test func `A check that accepts a recent value does not read the store`() async throws {
        fixture.store.put("/app/dev/secrets", #"{"k":"v"}"#)
        _ = try await fixture.text("k")
        for (age, calls) in [(4, 1), (2, 2)] {
            fixture.sleeper.advance(by: .seconds(age))
            _ = try await fixture.broker.secret(
                fixture.query("k"), demand: .recent(maximumAge: .seconds(5)), deadline: fixture.deadline)
            #expect(fixture.store.calls.count == calls)
        }
    }

    @Test func `Latchkey's own reread is not limited by what callers force`() async throws {
        fixture.store.put("/app/dev/secrets", #"{"k":"v1"}"#)
        _ = try await fixture.text("k", refresh: true)
        fixture.store.put("/app/dev/secrets", #"{"k":"v2"}"#, version: "2")
        let served = try await fixture.broker.secret(
            fixture.query("k"), demand: .reread, deadline: fixture.deadline)
        #expect(served.entry.value.revealText() == "v2")
    }

    @Test func `A caller that may not force a read is told so, for a value, a field and an absence`() async throws {
        fixture.store.put("/app/dev/k", "v1")
        fixture.store.put("/app/dev/other", "v1")
        _ = try await fixture.secret("k", refresh: true)
        #expect(try await fixture.secret("k", refresh: true).refreshError?.summary == "refresh_floor")
        // The parameter is read. The blob, which may have the field by now, is not.
        let other = try await fixture.secret("other", refresh: true)
        #expect(other.tier == .parameterStore && other.refreshError?.summary == "refresh_floor")
        _ = try? await fixture.secret("none", refresh: true)
        let absence = await #expect(throws: UpstreamFault.self) { try await fixture.secret("none", refresh: true) }
        #expect(absence?.isFromEarlierRead == true)
    }

    @Test func `Two concurrent forced reads share one read, and the second caller is told`() async throws {
        _ = try? await fixture.secret("secrets")
        fixture.store.put("/app/dev/secrets", #"{"k":"v1"}"#)
        let gate = Gate()
        fixture.sleeper.advance(by: .seconds(61))
        let first = try await begin("secrets", .forced, gate, after: 2)
        let second = Inbox<Result<ServedSecret, UpstreamFault>>()
        try fixture.broker.secret(fixture.query("secrets"), demand: .forced, deadline: fixture.deadline) {
            second.put($0)
        }
        gate.open()
        #expect(try await first.first(1)[0].get().refreshError == nil)
        let served = try await second.first(1)[0].get()
        #expect(served.refreshError?.summary == "refresh_floor" && served.tier == .parameterStore)
        #expect(fixture.store.calls.count == 2)
    }
}
