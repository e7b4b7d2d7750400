import LatchkeyCore
import LatchkeyCrypto
import LatchkeyTestSupport
import LatchkeyUpstream
import Logging
import Synchronization
import Testing

/// The refresh of credentials: the decisions, and the chain that carries them out.
@Suite struct CredentialCacheTests {
    private let clock = ManualClock()

    private func credentials(_ id: String, lifetime: Duration?) -> AWSCredentials {
        AWSCredentials(
            accessKeyID: id, secretAccessKey: Secret("s"), expiration: lifetime.map { clock.now.wall + $0 })
    }

    /// A step without its values.
    private enum StepKind: Equatable {
        case use, useAndLoad, fail
        case wait(startsLoad: Bool, isBounded: Bool, hasFallback: Bool)

        static let startLoad = StepKind.wait(startsLoad: true, isBounded: false, hasFallback: false)
        static let joinLoad = StepKind.wait(startsLoad: false, isBounded: false, hasFallback: false)
        static let startBriefly = StepKind.wait(startsLoad: true, isBounded: true, hasFallback: true)
        static let joinBriefly = StepKind.wait(startsLoad: false, isBounded: true, hasFallback: true)

        init(_ step: CredentialCache.Step) {
            self =
                switch step {
                case .use: .use
                case .useAndLoad: .useAndLoad
                case .wait(let starts, let until, let fallback):
                    .wait(startsLoad: starts, isBounded: until != nil, hasFallback: fallback != nil)
                case .fail: .fail
                }
        }
    }

    private func step(_ cache: inout CredentialCache, rejecting: Int? = nil) -> StepKind {
        StepKind(cache.step(rejecting: rejecting, clock.now.monotonic))
    }

    @Test(arguments: [
        (3600, 0, CredentialLifetime.Age.fresh), (3600, 2699, .fresh), (3600, 2700, .advisory), (3600, 2999, .advisory),
        (3600, 3000, .mandatory), (3600, 3599, .mandatory), (3600, 3600, .expired), (21_600, 20_699, .fresh),
        (900, 674, .fresh), (900, 675, .advisory), (900, 750, .mandatory), (12, 8, .fresh), (12, 9, .advisory),
        (12, 10, .mandatory), (0, 0, .expired),
    ])
    func `Credentials are refreshed in their last 15 minutes, or the last quarter of a short lifetime`(
        lifetime: Int, after: Int, age: CredentialLifetime.Age
    ) {
        let life = CredentialLifetime(expiration: clock.now.wall + .seconds(lifetime), at: clock.now)
        clock.jumpWall(by: .seconds(7200))
        clock.advance(by: .seconds(after))
        #expect(life.age(clock.now.monotonic) == age, "a change of the wall clock has no effect")
    }

    @Test func `There is one load at a time: first in the background, at the end waited for`() {
        var cache = CredentialCache()
        #expect(step(&cache) == .startLoad)
        #expect(step(&cache) == .joinLoad)
        _ = cache.loaded(credentials("1", lifetime: .seconds(3600)), clock.now, jitter: 0.5)
        #expect(step(&cache) == .use)
        clock.advance(by: .seconds(2700))
        #expect(step(&cache) == .useAndLoad)
        #expect(step(&cache) == .use)
        clock.advance(by: .seconds(300))
        #expect(step(&cache) == .use, "a load that hangs holds up no caller")
        clock.advance(by: .seconds(600))
        #expect(step(&cache) == .joinLoad, "there are no credentials left")
        _ = cache.loaded(credentials("2", lifetime: .seconds(3600)), clock.now, jitter: 0.5)
        #expect(step(&cache) == .use)
    }

    @Test func `In the mandatory window a load holds up callers for 250 ms in all`() {
        var cache = CredentialCache()
        _ = cache.loaded(credentials("1", lifetime: .seconds(3600)), clock.now, jitter: 0.5)
        clock.advance(by: .seconds(3000))
        #expect(step(&cache) == .startBriefly)
        #expect(step(&cache) == .joinBriefly)
        clock.advance(by: .milliseconds(249))
        #expect(step(&cache) == .joinBriefly)
        clock.advance(by: .milliseconds(1))
        #expect(step(&cache) == .use)
    }

    @Test func `After each failure the delay doubles, and the old credentials stay in use`() {
        var cache = CredentialCache()
        _ = cache.loaded(credentials("1", lifetime: .seconds(3600)), clock.now, jitter: 0.5)
        clock.advance(by: .seconds(2700))
        for delay in [1, 2, 4, 8, 16, 32, 60, 60] {
            #expect(step(&cache) == .useAndLoad)
            let failed = cache.failed(AWSError(.unavailable), clock.now.monotonic, jitter: 0.5)
            #expect(failed.delay == .seconds(delay) && failed.error.retryAfter == .seconds(delay))
            clock.advance(by: .seconds(delay) - .milliseconds(1))
            #expect(step(&cache) == .use)
            clock.advance(by: .milliseconds(1))
        }
    }

    @Test func `Without credentials, callers share a failure, and the source is asked again within 4 s`() {
        var cache = CredentialCache()
        for delay in [1, 2, 4, 4, 4] {
            #expect(step(&cache) == .startLoad)
            let failed = cache.failed(AWSError(.noCredentials), clock.now.monotonic, jitter: 0.5)
            #expect(failed.delay == .seconds(delay))
            #expect(failed.error.retryAfter == nil, "a source that never had credentials does not get any by itself")
            #expect(step(&cache) == .fail)
            clock.advance(by: .seconds(delay))
        }
        #expect(step(&cache) == .startLoad)
    }

    @Test func `A delay of one minute ends when the credentials expire`() {
        var cache = CredentialCache()
        _ = cache.loaded(credentials("1", lifetime: .seconds(3600)), clock.now, jitter: 0.5)
        clock.advance(by: .seconds(3595))
        for _ in 0..<8 { _ = cache.failed(AWSError(.unavailable), clock.now.monotonic, jitter: 0.5) }
        #expect(step(&cache) == .use)
        clock.advance(by: .seconds(5))
        #expect(step(&cache) == .startLoad)
    }

    @Test func `The same credentials again keep their windows, and the next load waits for a delay`() {
        var cache = CredentialCache()
        let same = credentials("1", lifetime: .seconds(3600))
        _ = cache.loaded(same, clock.now, jitter: 0.5)
        clock.advance(by: .seconds(2700))
        #expect(step(&cache) == .useAndLoad)
        let again = cache.loaded(same, clock.now, jitter: 0.5)
        #expect(again.life.age(clock.now.monotonic) == .advisory)
        #expect(step(&cache) == .use)
        clock.advance(by: .seconds(1))
        #expect(step(&cache) == .useAndLoad)
    }

    @Test func `Rejected credentials are not given again to the caller that reported the rejection`() {
        var cache = CredentialCache()
        let first = cache.loaded(credentials("1", lifetime: nil), clock.now, jitter: 0.5)
        #expect(step(&cache, rejecting: first.generation) == .startLoad)
        #expect(step(&cache, rejecting: first.generation) == .joinLoad)
        #expect(step(&cache) == .use)
        let second = cache.loaded(credentials("2", lifetime: nil), clock.now, jitter: 0.5)
        #expect(second.generation != first.generation)
        #expect(step(&cache, rejecting: first.generation) == .use)
    }

    // MARK: The chain

    /// A source that answers when the test says so.
    private final class ControlledSource: Sendable {
        let asked = Atomic<Int>(0)
        private let answers: AsyncStream<Result<AWSCredentials, AWSError>>
        private let feed: AsyncStream<Result<AWSCredentials, AWSError>>.Continuation

        init() { (answers, feed) = AsyncStream.makeStream() }

        func answer(_ answer: Result<AWSCredentials, AWSError>) { feed.yield(answer) }

        var provider: CredentialProvider {
            CredentialProvider(.container) { () throws(AWSError) in
                self.asked.add(1, ordering: .relaxed)
                for await answer in self.answers { return .found(try answer.get()) }
                throw AWSError(.unavailable)
            }
        }
    }

    private func chain(_ source: ControlledSource) -> CredentialChain {
        CredentialChain(
            [source.provider], time: Timing(now: clock.source.now, sleep: { _ in }, jitter: { 0.5 }),
            log: Logger(label: "test"))
    }

    @Test(.timeLimit(.minutes(20)), arguments: [2700, 3000])
    func `A refresh that hangs blocks no caller while the old credentials are valid`(after: Int) async throws {
        let source = ControlledSource()
        let chain = chain(source)
        source.answer(.success(credentials("1", lifetime: .seconds(3600))))
        #expect(try await chain.credentials().credentials.accessKeyID == "1")
        clock.advance(by: .seconds(after))
        // The source does not answer, and every call returns all the same.
        let ids = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<1000 { group.addTask { try await chain.credentials().credentials.accessKeyID } }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(ids == ["1"])
        // The task of the load may not have run yet.
        while source.asked.load(ordering: .relaxed) < 2 { await Task.yield() }
        #expect(source.asked.load(ordering: .relaxed) == 2)
        source.answer(.success(credentials("2", lifetime: .seconds(3600))))
        while try await chain.credentials().credentials.accessKeyID == "1" { await Task.yield() }
        #expect(source.asked.load(ordering: .relaxed) == 2)
    }

    @Test(.timeLimit(.minutes(20)))
    func `Without credentials, a caller waits for a source that hangs until its own deadline`() async throws {
        let source = ControlledSource()
        let chain = chain(source)
        await #expect {
            _ = try await chain.credentials(deadline: clock.now.monotonic + .seconds(1))
        } throws: {
            ($0 as? AWSError)?.kind == .timedOut
        }
        // The next caller gets what the source returns at last.
        source.answer(.success(credentials("1", lifetime: .seconds(3600))))
        #expect(try await chain.credentials().credentials.accessKeyID == "1")
    }

    @Test(.timeLimit(.minutes(20)))
    func `While a source is down its credentials are used until they expire; then the error has a retryAfter`()
        async throws
    {
        let source = ControlledSource()
        let chain = chain(source)
        source.answer(.success(credentials("1", lifetime: .seconds(60))))
        _ = try await chain.credentials()
        source.answer(.failure(AWSError(.unavailable)))
        source.answer(.failure(AWSError(.unavailable)))
        clock.advance(by: .seconds(59))
        #expect(try await chain.credentials().credentials.accessKeyID == "1")
        clock.advance(by: .seconds(5))
        await #expect {
            _ = try await chain.credentials()
        } throws: {
            ($0 as? AWSError)?.kind == .noCredentials && ($0 as? AWSError)?.retryAfter != nil
        }
        clock.advance(by: .seconds(5))
        source.answer(.success(credentials("2", lifetime: .seconds(60))))
        #expect(try await chain.credentials().credentials.accessKeyID == "2")
    }
}
