import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Testing

/// A read that was asked for after a change shows the change, and memory never goes back to an older value.
@Suite("The order of reads, secrets") struct OrderTests {
    let bench = SecretBench()

    /// Starts a read whose answer waits at a gate of its own; returns once the store has been asked.
    private func begin(
        _ key: String, _ demand: SecretDemand, _ gate: Gate?, after calls: Int
    ) async throws -> Inbox<Result<SecretBroker.Served, UpstreamFault>> {
        bench.store.answers(at: gate)
        let answers = Inbox<Result<SecretBroker.Served, UpstreamFault>>()
        try bench.broker.secret(bench.query(key), demand: demand, deadline: bench.deadline) { answers.put($0) }
        await bench.store.calls.first(calls)
        return answers
    }

    private func text(_ answers: Inbox<Result<SecretBroker.Served, UpstreamFault>>) async throws -> String? {
        try await answers.first(1)[0].get().entry.value.revealText()
    }

    @Test(arguments: ["k", "secrets"])
    func `A forced read does not join one from before a change, and the older answer changes nothing`(
        _ key: String
    ) async throws {
        // The blob is known: one read is one call.
        if key == "k" { _ = try? await bench.secret("secrets") }
        let before = bench.store.calls.count
        bench.store.put("/app/dev/\(key)", #"{"v":1}"#)
        let (old, new) = (Gate(), Gate())
        let first = try await begin(key, .cached, old, after: before + 1)
        bench.store.put("/app/dev/\(key)", #"{"v":2}"#, version: "2")
        let forcedCalls = key == "k" ? 2 : 1
        bench.store.answers(at: key == "k" ? nil : new)
        let second = try await begin(key, .forced, key == "k" ? nil : new, after: before + 1 + forcedCalls)
        new.open()
        #expect(try await text(second) == #"{"v":2}"#)
        old.open()
        #expect(try await text(first) == #"{"v":1}"#)
        #expect(try await bench.text(key) == #"{"v":2}"#)
    }

    @Test func `An older answer that there is none removes nothing`() async throws {
        _ = try? await bench.secret("secrets")
        let old = Gate()
        let first = try await begin("k", .cached, old, after: 2)
        bench.store.put("/app/dev/k", "v2")
        bench.store.answers(at: nil)
        #expect(try await bench.text("k", refresh: true) == "v2")
        old.open()
        let outcome = await first.first(1)[0]
        #expect(throws: UpstreamFault.self) { try outcome.get() }
        #expect(try bench.isCached("k"))
    }

    @Test func `A refusal that is newer is not undone by an older success`() async throws {
        _ = try? await bench.secret("secrets")
        bench.store.put("/app/dev/k", "v1")
        let old = Gate()
        let first = try await begin("k", .cached, old, after: 2)
        bench.store.answers(at: nil)
        bench.store.fail("/app/dev/k", UpstreamFault(.denied, upstream: .parameterStore))
        await #expect(throws: UpstreamFault.self) { try await bench.text("k", refresh: true) }
        old.open()
        #expect(try await text(first) == "v1")
        #expect(try !bench.isCached("k"))
    }

    @Test func `Clearing ends what is under way: it is not kept, and nobody joins it`() async throws {
        _ = try? await bench.secret("secrets")
        bench.store.put("/app/dev/k", "v1")
        let old = Gate()
        let first = try await begin("k", .cached, old, after: 2)
        bench.store.put("/app/dev/k", "v2", version: "2")
        bench.broker.clear()
        bench.store.answers(at: nil)
        #expect(try await bench.text("k") == "v2")
        old.open()
        #expect(try await text(first) == "v1")
        #expect(try await bench.text("k") == "v2")
    }

    @Test func `Latchkey's own look uses up no caller's forced read, and joins what is under way`() async throws {
        bench.store.put("/app/dev/secrets", #"{"k":"old"}"#)
        #expect(try await bench.text("k") == "old")
        _ = try await bench.broker.secret(
            SecretQuery(.blob), demand: .look(maximumAge: .zero), deadline: bench.deadline)
        #expect(bench.store.calls.count == 2)
        bench.store.put("/app/dev/secrets", #"{"k":"new"}"#, version: "2")
        let served = try await bench.secret("k", refresh: true)
        #expect(served.entry.value.revealText() == "new" && served.refreshError == nil)
        let gate = Gate()
        bench.sleeper.advance(by: .seconds(400))
        let first = try await begin("secrets", .cached, gate, after: 4)
        try bench.broker.secret(
            bench.query("secrets"), demand: .look(maximumAge: .zero), deadline: bench.deadline
        ) { _ in }
        gate.open()
        _ = try await first.first(1)[0].get()
        #expect(bench.store.calls.count == 4)
    }

    @Test func `A look that will do with a young value asks nobody`() async throws {
        bench.store.put("/app/dev/secrets", #"{"k":"v"}"#)
        _ = try await bench.text("k")
        for (age, calls) in [(4, 1), (2, 2)] {
            bench.sleeper.advance(by: .seconds(age))
            _ = try await bench.broker.secret(
                bench.query("k"), demand: .look(maximumAge: .seconds(5)), deadline: bench.deadline)
            #expect(bench.store.calls.count == calls)
        }
    }

    @Test func `Latchkey's own need of a new value is met whatever callers force`() async throws {
        bench.store.put("/app/dev/secrets", #"{"k":"v1"}"#)
        _ = try await bench.text("k", refresh: true)
        bench.store.put("/app/dev/secrets", #"{"k":"v2"}"#, version: "2")
        let served = try await bench.broker.secret(
            bench.query("k"), demand: .reread, deadline: bench.deadline)
        #expect(served.entry.value.revealText() == "v2")
    }

    @Test func `Who may not force is told so, for a value, a field, an absence and a list`() async throws {
        bench.store.put("/app/dev/k", "v1")
        bench.store.put("/app/dev/other", "v1")
        _ = try await bench.secret("k", refresh: true)
        #expect(try await bench.secret("k", refresh: true).refreshError?.summary == "refresh_floor")
        // The parameter is read, and the blob, which might have it by now, is not.
        let other = try await bench.secret("other", refresh: true)
        #expect(other.tier == .parameterStore && other.refreshError?.summary == "refresh_floor")
        _ = try? await bench.secret("none", refresh: true)
        let absence = await #expect(throws: UpstreamFault.self) { try await bench.secret("none", refresh: true) }
        #expect(absence?.isFromEarlierRead == true)
    }

    @Test func `Two who force at once share what the first one reads, and the second is told`() async throws {
        _ = try? await bench.secret("secrets")
        bench.store.put("/app/dev/secrets", #"{"k":"v1"}"#)
        let gate = Gate()
        bench.sleeper.advance(by: .seconds(61))
        let first = try await begin("secrets", .forced, gate, after: 2)
        let second = Inbox<Result<SecretBroker.Served, UpstreamFault>>()
        try bench.broker.secret(bench.query("secrets"), demand: .forced, deadline: bench.deadline) { second.put($0) }
        gate.open()
        #expect(try await first.first(1)[0].get().refreshError == nil)
        let served = try await second.first(1)[0].get()
        #expect(served.refreshError?.summary == "refresh_floor" && served.tier == .parameterStore)
        #expect(bench.store.calls.count == 2)
    }
}

@Suite struct `The order of reads, tokens` {
    let bench = TokenBench(isShared: false)

    private func start(_ ask: TokenAsk) -> Inbox<Result<ServedToken, UpstreamFault>> {
        let answers = Inbox<Result<ServedToken, UpstreamFault>>()
        bench.broker.token(bench.profile, ask, deadline: bench.deadline) { answers.put($0) }
        return answers
    }

    @Test func `A forced refresh does not join an older flight, whose token is not kept when it comes late`()
        async throws
    {
        let (old, new) = (bench.grant("old"), bench.grant("new"))
        let gate = Gate()
        bench.issuer.then(.success(old), gate: gate)
        let first = start(TokenAsk())
        await bench.issuer.calls.first(1)
        bench.issuer.then(.success(new))
        let second = try await start(TokenAsk(refresh: true)).first(1)[0].get()
        #expect(second.entry.token.value == new.value && second.refreshError == nil)
        bench.issuer.then(.success(old))
        gate.open()
        _ = try await first.first(1)[0].get()
        #expect(bench.cached()?.token.value == new.value)
    }

    @Test func `Many who force at once cost one issuance, and those who joined are told`() async throws {
        let gate = Gate()
        bench.issuer.then(.success(bench.grant("new")), gate: gate)
        let answers = (0..<20).map { _ in start(TokenAsk(refresh: true)) }
        gate.open()
        var faults: [String?] = []
        for each in answers { faults.append(try await each.first(1)[0].get().refreshError?.summary) }
        #expect(bench.issuer.calls.count == 1)
        #expect(faults.first == .some(nil))
        #expect(faults.dropFirst().allSatisfy { $0 == "refresh_floor" })
    }

    @Test func `Clearing keeps what is under way out of memory, and nobody joins it`() async throws {
        let (old, new) = (bench.grant("old"), bench.grant("new"))
        let gate = Gate()
        bench.issuer.then(.success(old), gate: gate)
        let first = start(TokenAsk())
        await bench.issuer.calls.first(1)
        bench.broker.clear()
        gate.open()
        #expect(try await first.first(1)[0].get().entry.token.value == old.value)
        #expect(bench.cached() == nil)
        bench.issuer.then(.success(new))
        #expect(try await bench.token().entry.token.value == new.value)
    }

    @Test func `A flight from before a clear that fails pauses nobody`() async throws {
        let gate = Gate()
        bench.issuer.then(.failure(UpstreamFault(.unavailable, upstream: .auth0)), gate: gate)
        let first = start(TokenAsk())
        await bench.issuer.calls.first(1)
        bench.broker.clear()
        gate.open()
        let outcome = await first.first(1)[0]
        #expect(throws: UpstreamFault.self) { try outcome.get() }
        bench.issuer.then(.success(bench.grant()))
        #expect(try await bench.token().tier == .auth0)
    }
}
