import LatchkeyCore
import LatchkeyCrypto
import LatchkeyHTTP
import LatchkeyMetrics
import LatchkeyTestSupport
import LatchkeyUpstream
import Logging
import Synchronization
import Testing

/// Reads that share one call, each with a deadline of its own. The store answers late, by a clock moved by hand.
@Suite("Reads that share a call", .timeLimit(.minutes(1))) struct SharedReadDeadlineTests {
    private let clock: ManualClock
    private let sleeper: ManualSleeper
    private let store: LateStore
    private let reader: ParameterStore
    private let start: MonotonicTime

    init() {
        clock = ManualClock()
        sleeper = ManualSleeper(clock)
        store = LateStore(clock, sleeper)
        reader = store.reader()
        start = clock.now.monotonic
    }

    private func at(_ seconds: Double) -> MonotonicTime { start + .milliseconds(Int((seconds * 1000).rounded())) }

    private func advance(to seconds: Double) { sleeper.advance(by: at(seconds) - clock.now.monotonic) }

    /// Starts a read; its outcome in a word.
    private func read(_ name: String, until seconds: Double) -> Inbox<String> {
        let outcome = Inbox<String>()
        let deadline = at(seconds)
        Task {
            do throws(AWSError) {
                outcome.put(try await reader.get(name, deadline: deadline).value.revealText() ?? "")
            } catch {
                outcome.put(error.kind == .timedOut ? "timed out" : error.code ?? "\(error.kind)")
            }
        }
        return outcome
    }

    /// Returns once so many wait for a point in time.
    private func sleepers(_ count: Int) async { await settle { sleeper.times.count == count } }

    /// Takes the turns of the first four seconds: what is read next waits for the fifth second.
    private func fillQueue() async {
        for version in 1...4 {
            _ = read("/queue:\(version)", until: 60)
            await sleepers(version)
        }
    }

    @Test func `The follower gets its answer although the leader's deadline has passed`() async {
        store.answersAfter = .milliseconds(1300)
        await fillQueue()
        advance(to: 0.1)
        let leader = read("/leader", until: 5.1)
        await sleepers(5)
        advance(to: 3.7)
        await store.calls.first(4)
        let follower = read("/follower", until: 8.7)
        // The leader's end has become a time of its own.
        await settle { sleeper.times.contains(at(5.1)) }
        advance(to: 4)
        await store.calls.first(5)
        #expect(store.calls.values.last == ["/follower", "/leader"])
        await settle { sleeper.times.contains(at(5.3)) }
        advance(to: 5.1)
        #expect(await leader.first(1) == ["timed out"])
        #expect(follower.count == 0)
        advance(to: 5.3)
        #expect(await follower.first(1) == ["of /follower"])
        #expect(store.calls.count == 5)
    }

    @Test func `A follower with less time leaves at its own deadline, and the leader gets its answer`() async {
        await fillQueue()
        let leader = read("/leader", until: 20)
        await sleepers(5)
        let follower = read("/follower", until: 2)
        await settle { sleeper.times.contains(at(2)) }
        advance(to: 2)
        #expect(await follower.first(1) == ["timed out"])
        advance(to: 4)
        await store.calls.first(5)
        #expect(store.calls.values.contains(["/leader"]), "nobody waits for the other name any more")
        await settle { sleeper.times.contains(at(4.1)) }
        advance(to: 4.1)
        #expect(await leader.first(1) == ["of /leader"])
    }

    @Test func `Of many members each has the answer or its own deadline`() async {
        store.answersAfter = .seconds(3)
        await fillQueue()
        // The turn comes at 4 s and the answer at 7 s.
        let ends = [5.0, 6.5, 9, 5.5, 30, 6.9, 7.5]
        var outcomes: [Inbox<String>] = []
        for (index, end) in ends.enumerated() {
            outcomes.append(read("/p\(index)", until: end))
            // The call, and the end of every member that is not the last.
            await sleepers(5 + index)
        }
        advance(to: 4)
        await store.calls.first(5)
        await settle { sleeper.times.contains(at(7)) }
        for moment in [5.0, 5.5, 6.5, 6.9] {
            advance(to: moment)
            #expect(await outcomes[ends.firstIndex(of: moment) ?? 0].first(1) == ["timed out"])
        }
        advance(to: 7)
        for (index, end) in ends.enumerated() where end > 7 {
            #expect(await outcomes[index].first(1) == ["of /p\(index)"])
        }
        #expect(store.calls.count == 5)
    }

    @Test func `One attempt of a shared call takes no longer than one attempt may`() async {
        store.answersAfter = .seconds(30)
        await fillQueue()
        let leader = read("/leader", until: 8)
        await sleepers(5)
        let follower = read("/follower", until: 60)
        await settle { sleeper.times.contains(at(8)) }
        advance(to: 4)
        await store.calls.first(5)
        await settle { sleeper.times.count { $0 == at(9) } == 4 }
        advance(to: 8)
        #expect(await leader.first(1) == ["timed out"])
        #expect(follower.count == 0)
        advance(to: 9)
        #expect(await follower.first(1) == ["timed out"])
    }

    @Test func `A name that is denied is told apart although who asked for it has left`() async {
        store.denied = ["/leader"]
        store.answersAfter = .seconds(3)
        await fillQueue()
        let leader = read("/leader", until: 5)
        await sleepers(5)
        let follower = read("/follower", until: 20)
        await settle { sleeper.times.contains(at(5)) }
        advance(to: 4)
        await store.calls.first(5)
        await settle { sleeper.times.contains(at(7)) }
        advance(to: 5)
        #expect(await leader.first(1) == ["timed out"])
        advance(to: 7)
        await store.calls.first(6)
        #expect(store.calls.values.last == ["/follower"])
        await settle { sleeper.times.contains(at(10)) }
        advance(to: 10)
        #expect(await follower.first(1) == ["of /follower"])
    }
}

/// Parameter Store with an answer to every name, after a while. One call a second.
private final class LateStore: Sendable {
    private struct State {
        var answersAfter = Duration.milliseconds(100)
        var denied: Set<String> = []
    }

    private let state = Mutex(State())
    private let clock: ManualClock
    private let sleeper: ManualSleeper
    /// The names of each call, sorted.
    let calls = Inbox<[String]>()

    init(_ clock: ManualClock, _ sleeper: ManualSleeper) {
        self.clock = clock
        self.sleeper = sleeper
    }

    var answersAfter: Duration {
        get { state.withLock { $0.answersAfter } }
        set { state.withLock { $0.answersAfter = newValue } }
    }

    var denied: Set<String> {
        get { state.withLock { $0.denied } }
        set { state.withLock { $0.denied = newValue } }
    }

    func reader() -> ParameterStore {
        let provider = CredentialProvider(.environment) { () throws(AWSError) in
            .found(AWSCredentials(accessKeyID: "AKID", secretAccessKey: Secret("s")))
        }
        var environment = AWSClient.Environment(
            configuration: AWSConfiguration(environment: ["AWS_REGION": "us-east-1"]) { _ in .absent },
            credentials: CredentialChain(
                [provider], time: clock.source, log: Logger(label: "test"), sleep: untilCancelled),
            transport: { request, _, deadline async throws(HTTPClientError) in
                try await self.answer(request, deadline)
            },
            metrics: Metrics(version: "t", profiles: []), time: clock.source, attemptTimeout: .seconds(5),
            userAgent: "latchkey/test", sleep: sleeper.sleep)
        environment.callsPerSecond = [.parameterReads: 1]
        return ParameterStore(AWSClient(environment))
    }

    private func answer(_ request: HTTPRequest, _ deadline: MonotonicTime) async throws(HTTPClientError) -> HTTPResponse
    {
        let body = try? JSON(parsing: request.body)
        let single = body?["Name"]?.string
        let names = single.map { [$0] } ?? (body?["Names"]?.array ?? []).compactMap(\.string)
        calls.put(names)
        let ready = clock.now.monotonic + answersAfter
        await sleeper.sleep(until: min(ready, deadline))
        guard ready <= deadline else { throw .timedOut }
        guard denied.isDisjoint(with: names) else {
            return HTTPResponse(
                status: 400, fields: [:], body: JSON.object(["__type": "AccessDeniedException"]).bytes())
        }
        let found = names.map { name -> JSON in
            ["Name": .string(name), "Type": "String", "Value": .string("of \(name)"), "Version": 1]
        }
        let answer: JSON = single == nil ? ["Parameters": .array(found)] : ["Parameter": found[0]]
        return HTTPResponse(status: 200, fields: [:], body: answer.bytes())
    }
}
