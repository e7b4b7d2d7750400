import LatchkeyCore
internal import LatchkeyCrypto
import LatchkeyHTTP
import LatchkeyTestSupport
import LatchkeyUpstream
import Synchronization
import Testing

/// Reads that share one call, each with its own deadline. The store answers late, by a clock that the test moves.
@Suite("Reads that share a call", .timeLimit(.minutes(20))) struct SharedCallDeadlineTests {
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

    /// Starts a read. Its outcome is the value, `timed out`, or the code of the error.
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

    /// Returns once `count` tasks sleep.
    private func sleepers(_ count: Int) async { await settle { sleeper.times.count == count } }

    /// Uses the slots of the first four seconds, so that the next read waits for the fifth second.
    private func fillQueue() async {
        for version in 1...4 {
            _ = read("/queue:\(version)", until: 60)
            await sleepers(version)
        }
    }

    @Test func `A read that joined a call gets its result although the first read's deadline has passed`() async {
        store.answersAfter = .milliseconds(1300)
        await fillQueue()
        advance(to: 0.1)
        let first = read("/first", until: 5.1)
        await sleepers(5)
        advance(to: 3.7)
        await store.calls.first(4)
        let second = read("/second", until: 8.7)
        // The first read has a timer of its own now.
        await settle { sleeper.times.contains(at(5.1)) }
        advance(to: 4)
        await store.calls.first(5)
        #expect(store.calls.values.last == ["/first", "/second"], "one call, whose names are sorted")
        await settle { sleeper.times.contains(at(5.3)) }
        advance(to: 5.1)
        #expect(await first.first(1) == ["timed out"])
        #expect(second.count == 0)
        advance(to: 5.3)
        #expect(await second.first(1) == ["of /second"])
        #expect(store.calls.count == 5)
    }

    @Test func `A read that joined with an earlier deadline leaves at it, and the first read gets its result`() async {
        await fillQueue()
        let first = read("/first", until: 20)
        await sleepers(5)
        let second = read("/second", until: 2)
        await settle { sleeper.times.contains(at(2)) }
        advance(to: 2)
        #expect(await second.first(1) == ["timed out"])
        advance(to: 4)
        await store.calls.first(5)
        #expect(store.calls.values.contains(["/first"]), "no read waits for the other name any more")
        await settle { sleeper.times.contains(at(4.1)) }
        advance(to: 4.1)
        #expect(await first.first(1) == ["of /first"])
    }

    @Test func `Each of many reads gets its result or ends at its own deadline`() async {
        store.answersAfter = .seconds(3)
        await fillQueue()
        // The slot is at 4 s and the response at 7 s.
        let ends = [5.0, 6.5, 9, 5.5, 30, 6.9, 7.5]
        var outcomes: [Inbox<String>] = []
        for (index, end) in ends.enumerated() {
            outcomes.append(read("/p\(index)", until: end))
            // The call, and a timer for each read that ends before the last one.
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

    @Test func `One attempt of a shared call takes no longer than the attempt timeout`() async {
        store.answersAfter = .seconds(30)
        await fillQueue()
        let first = read("/first", until: 8)
        await sleepers(5)
        let second = read("/second", until: 60)
        await settle { sleeper.times.contains(at(8)) }
        advance(to: 4)
        await store.calls.first(5)
        await settle { sleeper.times.count { $0 == at(9) } == 4 }
        advance(to: 8)
        #expect(await first.first(1) == ["timed out"])
        #expect(second.count == 0)
        advance(to: 9)
        #expect(await second.first(1) == ["timed out"])
    }

    @Test func `A name that is denied does not affect the other reads, even if its own read has ended`() async {
        store.denied = ["/first"]
        store.answersAfter = .seconds(3)
        await fillQueue()
        let first = read("/first", until: 5)
        await sleepers(5)
        let second = read("/second", until: 20)
        await settle { sleeper.times.contains(at(5)) }
        advance(to: 4)
        await store.calls.first(5)
        await settle { sleeper.times.contains(at(7)) }
        advance(to: 5)
        #expect(await first.first(1) == ["timed out"])
        advance(to: 7)
        await store.calls.first(6)
        #expect(store.calls.values.last == ["/second"])
        await settle { sleeper.times.contains(at(10)) }
        advance(to: 10)
        #expect(await second.first(1) == ["of /second"])
    }
}

/// A Parameter Store that answers for every name after a delay. One call a second.
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
        let time = Timing(now: clock.source.now, sleep: sleeper.sleep)
        return ParameterStore(
            AWSClientFixture.client(time: time, callsPerSecond: 1) {
                request, _, deadline async throws(HTTPClientError) in
                try await self.answer(request, deadline)
            })
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
