import LatchkeyCore
import LatchkeyCrypto
import LatchkeyTestSupport
import LatchkeyUpstream
import Logging
import Synchronization
import Testing

/// The set in force through its life: the decisions, and the chain that carries them out.
@Suite struct CredentialRefreshTests {
    private let clock = ManualClock()

    private func set(_ id: String, lasting: Duration?) -> AWSCredentials {
        AWSCredentials(
            accessKeyID: id, secretAccessKey: Secret("s"), expiration: lasting.map { clock.now.wall + $0 })
    }

    private func shape(_ step: HeldCredentials.Step) -> String {
        switch step {
        case .use: "use"
        case .useAndLoad: "use and load"
        case .wait(let begins, let until, let fallback):
            "\(begins ? "load" : "join")\(until == nil ? "" : " a moment")\(fallback == nil ? "" : " or use")"
        case .fail: "fail"
        }
    }

    private func step(_ held: inout HeldCredentials, rejecting: Int? = nil) -> String {
        shape(held.step(rejecting: rejecting, clock.now.monotonic))
    }

    @Test(arguments: [
        (3600, 0, CredentialLife.Age.fresh), (3600, 2699, .fresh), (3600, 2700, .advisory), (3600, 2999, .advisory),
        (3600, 3000, .mandatory), (3600, 3599, .mandatory), (3600, 3600, .ended), (21_600, 20_699, .fresh),
        (900, 674, .fresh), (900, 675, .advisory), (900, 750, .mandatory), (12, 8, .fresh), (12, 9, .advisory),
        (12, 10, .mandatory), (0, 0, .ended),
    ])
    func `A set is renewed in its last 15 minutes, or the last quarter of a short life`(
        lasting: Int, after: Int, age: CredentialLife.Age
    ) {
        let life = CredentialLife(expiration: clock.now.wall + .seconds(lasting), at: clock.now)
        clock.jumpWall(by: .seconds(7200))
        clock.advance(by: .seconds(after))
        #expect(life.age(clock.now.monotonic) == age, "whatever the wall clock says meanwhile")
    }

    @Test func `One load at a time: in the background first, then waited for a moment, and last until it is there`() {
        var held = HeldCredentials()
        #expect(step(&held) == "load")
        #expect(step(&held) == "join")
        _ = held.loaded(set("1", lasting: .seconds(3600)), clock.now, chance: 0.5)
        #expect(step(&held) == "use")
        clock.advance(by: .seconds(2700))
        #expect(step(&held) == "use and load")
        #expect(step(&held) == "use")
        clock.advance(by: .seconds(300))
        #expect(step(&held) == "use", "a load that hangs holds nobody up")
        clock.advance(by: .seconds(600))
        #expect(step(&held) == "join", "there is nothing left to use")
        _ = held.loaded(set("2", lasting: .seconds(3600)), clock.now, chance: 0.5)
        #expect(step(&held) == "use")
    }

    @Test func `In the mandatory window a load holds callers up for 250 ms in all`() {
        var held = HeldCredentials()
        _ = held.loaded(set("1", lasting: .seconds(3600)), clock.now, chance: 0.5)
        clock.advance(by: .seconds(3000))
        #expect(step(&held) == "load a moment or use")
        #expect(step(&held) == "join a moment or use")
        clock.advance(by: .milliseconds(249))
        #expect(step(&held) == "join a moment or use")
        clock.advance(by: .milliseconds(1))
        #expect(step(&held) == "use")
    }

    @Test func `After a failure there is a pause, longer each time, and the old set goes on`() {
        var held = HeldCredentials()
        _ = held.loaded(set("1", lasting: .seconds(3600)), clock.now, chance: 0.5)
        clock.advance(by: .seconds(2700))
        for pause in [1, 2, 4, 8, 16, 32, 60, 60] {
            #expect(step(&held) == "use and load")
            let failed = held.failed(AWSError(.unavailable), clock.now.monotonic, chance: 0.5)
            #expect(failed.pause == .seconds(pause) && failed.error.retryAfter == .seconds(pause))
            clock.advance(by: .seconds(pause) - .milliseconds(1))
            #expect(step(&held) == "use")
            clock.advance(by: .milliseconds(1))
        }
    }

    @Test func `Without a set callers share a failure, and the source is asked again after 4 s at the latest`() {
        var held = HeldCredentials()
        for pause in [1, 2, 4, 4, 4] {
            #expect(step(&held) == "load")
            let failed = held.failed(AWSError(.noCredentials), clock.now.monotonic, chance: 0.5)
            #expect(failed.pause == .seconds(pause))
            #expect(failed.error.retryAfter == nil, "what never was there will not come by itself")
            #expect(step(&held) == "fail")
            clock.advance(by: .seconds(pause))
        }
        #expect(step(&held) == "load")
    }

    @Test func `A pause of a minute ends with the set it was for`() {
        var held = HeldCredentials()
        _ = held.loaded(set("1", lasting: .seconds(3600)), clock.now, chance: 0.5)
        clock.advance(by: .seconds(3595))
        for _ in 0..<8 { _ = held.failed(AWSError(.unavailable), clock.now.monotonic, chance: 0.5) }
        #expect(step(&held) == "use")
        clock.advance(by: .seconds(5))
        #expect(step(&held) == "load")
    }

    @Test func `The same set once more is no news: its windows stay, and it is looked past again after a pause`() {
        var held = HeldCredentials()
        let credentials = set("1", lasting: .seconds(3600))
        _ = held.loaded(credentials, clock.now, chance: 0.5)
        clock.advance(by: .seconds(2700))
        #expect(step(&held) == "use and load")
        let again = held.loaded(credentials, clock.now, chance: 0.5)
        #expect(again.life.age(clock.now.monotonic) == .advisory)
        #expect(step(&held) == "use")
        clock.advance(by: .seconds(1))
        #expect(step(&held) == "use and load")
    }

    @Test func `A refused set is not used again by who met the refusal`() {
        var held = HeldCredentials()
        let first = held.loaded(set("1", lasting: nil), clock.now, chance: 0.5)
        #expect(step(&held, rejecting: first.generation) == "load")
        #expect(step(&held, rejecting: first.generation) == "join")
        #expect(step(&held) == "use")
        let second = held.loaded(set("2", lasting: nil), clock.now, chance: 0.5)
        #expect(second.generation != first.generation)
        #expect(step(&held, rejecting: first.generation) == "use")
    }

    // MARK: The chain

    /// A source that is let go by the test, one answer at a time.
    private final class ReleasedSource: Sendable {
        let asked = Atomic<Int>(0)
        private let answers: AsyncStream<Result<AWSCredentials, AWSError>>
        private let feed: AsyncStream<Result<AWSCredentials, AWSError>>.Continuation

        init() { (answers, feed) = AsyncStream.makeStream() }

        func open(_ answer: Result<AWSCredentials, AWSError>) { feed.yield(answer) }

        var provider: CredentialProvider {
            CredentialProvider(.container) { () throws(AWSError) in
                self.asked.add(1, ordering: .relaxed)
                for await answer in self.answers { return .found(try answer.get()) }
                throw AWSError(.unavailable)
            }
        }
    }

    private func chain(_ gate: ReleasedSource) -> CredentialChain {
        CredentialChain(
            [gate.provider], time: clock.source, log: Logger(label: "test"), sleep: { _ in }, chance: { 0.5 })
    }

    @Test(.timeLimit(.minutes(1)), arguments: [2700, 3000])
    func `Under load a renewal that hangs blocks nobody while the old set lives`(after: Int) async throws {
        let gate = ReleasedSource()
        let chain = chain(gate)
        gate.open(.success(set("1", lasting: .seconds(3600))))
        #expect(try await chain.credentials().credentials.accessKeyID == "1")
        clock.advance(by: .seconds(after))
        // The source never answers; every one of these comes back all the same.
        let ids = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<1000 { group.addTask { try await chain.credentials().credentials.accessKeyID } }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(ids == ["1"])
        // The first of them may have begun the load without its task having run yet.
        while gate.asked.load(ordering: .relaxed) < 2 { await Task.yield() }
        #expect(gate.asked.load(ordering: .relaxed) == 2)
        gate.open(.success(set("2", lasting: .seconds(3600))))
        while try await chain.credentials().credentials.accessKeyID == "1" { await Task.yield() }
        #expect(gate.asked.load(ordering: .relaxed) == 2)
    }

    @Test(.timeLimit(.minutes(1)))
    func `A source that hangs with nothing to fall back on is waited for until the caller's deadline`() async throws {
        let gate = ReleasedSource()
        let chain = chain(gate)
        await #expect {
            _ = try await chain.credentials(deadline: clock.now.monotonic + .seconds(1))
        } throws: {
            ($0 as? AWSError)?.kind == .timedOut
        }
        // What it brings at last is there for the next caller.
        gate.open(.success(set("1", lasting: .seconds(3600))))
        #expect(try await chain.credentials().credentials.accessKeyID == "1")
    }

    @Test(.timeLimit(.minutes(1)))
    func `A source that is down is used on until the set's end, and then the failure says when to come again`()
        async throws
    {
        let gate = ReleasedSource()
        let chain = chain(gate)
        gate.open(.success(set("1", lasting: .seconds(60))))
        _ = try await chain.credentials()
        gate.open(.failure(AWSError(.unavailable)))
        gate.open(.failure(AWSError(.unavailable)))
        clock.advance(by: .seconds(59))
        #expect(try await chain.credentials().credentials.accessKeyID == "1")
        clock.advance(by: .seconds(5))
        await #expect {
            _ = try await chain.credentials()
        } throws: {
            ($0 as? AWSError)?.kind == .noCredentials && ($0 as? AWSError)?.retryAfter != nil
        }
        clock.advance(by: .seconds(5))
        gate.open(.success(set("2", lasting: .seconds(60))))
        #expect(try await chain.credentials().credentials.accessKeyID == "2")
    }
}
