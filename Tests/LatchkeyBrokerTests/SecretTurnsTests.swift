import LatchkeyCore
import LatchkeyCrypto
import LatchkeyTestSupport
import Testing

@testable import LatchkeyBroker

/// Callers take turns in reading a store.
@Suite("Reads in turns") struct SecretTurnsTests {
    private let a = Requester(id: "a")
    private let b = Requester(id: "b")

    /// A broker whose store has the blob and the secrets of both callers, with the blob in memory.
    private func fixture(capacity: Int, maxWaiting: Int = 100) async throws -> SecretFixture {
        let fixture = SecretFixture {
            $0.readCapacity = [.parameterStore: capacity]
            $0.maximumWaitingReads = maxWaiting
        }
        fixture.store.put("/app/dev/secrets", "{}")
        for number in 0..<40 { fixture.store.put("/app/dev/a\(number)", "of a") }
        for number in 0..<5 { fixture.store.put("/app/dev/b\(number)", "of b") }
        _ = try? await fixture.text("none")
        _ = await fixture.store.calls.first(2)
        return fixture
    }

    private func read(
        _ key: String, _ requester: Requester, _ fixture: SecretFixture,
        _ answers: Inbox<Result<ServedSecret, UpstreamFault>>
    ) throws {
        fixture.broker.secret(try fixture.query(key), for: requester, deadline: fixture.deadline) {
            answers.put($0)
        }
    }

    @Test func `A caller whose reads get no answer does not keep another one waiting`() async throws {
        let fixture = try await fixture(capacity: 8)
        let gate = Gate()
        fixture.store.stop(at: gate)
        let (answers, others) = (
            Inbox<Result<ServedSecret, UpstreamFault>>(), Inbox<Result<ServedSecret, UpstreamFault>>()
        )
        for number in 0..<40 { try read("a\(number)", a, fixture, answers) }
        _ = await fixture.store.calls.first(2 + 4)
        fixture.store.stop(at: nil)
        try read("b0", b, fixture, others)
        #expect(try await others.first(1)[0].get().entry.value.revealText() == "of b")
        // Half of the room for one caller, and the read of the other.
        #expect(fixture.store.calls.count == 2 + 4 + 1)
        gate.open()
        #expect(
            try await answers.first(40).allSatisfy { try $0.get().entry.value.revealText() == "of a" })
    }

    @Test func `A read that another caller waits for takes that caller's turn`() async throws {
        let fixture = try await fixture(capacity: 4)
        let gate = Gate()
        fixture.store.stop(at: gate)
        let (answers, others) = (
            Inbox<Result<ServedSecret, UpstreamFault>>(), Inbox<Result<ServedSecret, UpstreamFault>>()
        )
        for number in 0..<40 { try read("a\(number)", a, fixture, answers) }
        _ = await fixture.store.calls.first(2 + 2)
        fixture.store.stop(at: nil)
        try read("a39", b, fixture, others)
        #expect(try await others.first(1)[0].get().entry.value.revealText() == "of a")
        #expect(fixture.store.calls.count == 2 + 2 + 1)
        gate.open()
        _ = await answers.first(40)
    }

    @Test func `Beyond its share of waiting reads a caller is refused, and another one is not`()
        async throws
    {
        let fixture = try await fixture(capacity: 2, maxWaiting: 10)
        let gate = Gate()
        fixture.store.stop(at: gate)
        let (answers, others) = (
            Inbox<Result<ServedSecret, UpstreamFault>>(), Inbox<Result<ServedSecret, UpstreamFault>>()
        )
        for number in 0..<40 { try read("a\(number)", a, fixture, answers) }
        let refused = await answers.first(30)
        for answer in refused {
            guard case .failure(let fault) = answer else {
                Issue.record("answered while the store is stopped")
                continue
            }
            #expect(fault.reason == .overloaded && fault.retryAfter == .seconds(1))
        }
        try read("b0", b, fixture, others)
        gate.open()
        #expect(try await others.first(1)[0].get().entry.value.revealText() == "of b")
        _ = await answers.first(40)
    }

    @Test func `A read that has waited too long says that the rate limit is the reason`() async throws {
        let fixture = try await fixture(capacity: 2)
        let gate = Gate()
        fixture.store.stop(at: gate)
        let answers = Inbox<Result<ServedSecret, UpstreamFault>>()
        for number in 0..<3 { try read("a\(number)", a, fixture, answers) }
        _ = await fixture.store.calls.first(2 + 1)
        fixture.sleeper.advance(by: .seconds(6))
        gate.open()
        let faults = await answers.first(3).compactMap { answer -> UpstreamFault? in
            if case .failure(let fault) = answer { fault } else { nil }
        }
        #expect(
            faults.map(\.code) == [FaultCode.localRateLimit.rawValue, FaultCode.localRateLimit.rawValue])
    }
}
