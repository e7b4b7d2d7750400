import LatchkeyBroker
import LatchkeyCore
import LatchkeyTestSupport
import Testing

@Suite("Single flight") struct SingleFlightTests {
    let clock = ManualClock()
    let sleeper: ManualSleeper
    let calls: SingleFlight<String, Int>

    init() {
        sleeper = ManualSleeper(clock)
        calls = SingleFlight(maxDuration: .seconds(10), time: clock.source, sleeper: sleeper.sleeper)
    }

    private func deadline(_ seconds: Int) -> MonotonicTime { clock.now.monotonic + .seconds(seconds) }

    @Test func `An abandoned call does not end the one that replaced it`() async throws {
        let (first, second) = (Gate(), Gate())
        let ended = Inbox<Int>()
        let (early, late) = (Inbox<Result<Int, UpstreamFault>>(), Inbox<Result<Int, UpstreamFault>>())
        calls.join("key", deadline: deadline(60)) { _ in
            await first.pass()
            ended.put(1)
            return .success(1)
        } waiter: {
            early.put($0)
        }
        sleeper.advance(by: .seconds(10))
        let outcome = await early.first(1)[0]
        #expect(throws: UpstreamFault(.timedOut)) { try outcome.get() }
        let joined = calls.join("key", deadline: deadline(60)) { _ in
            await second.pass()
            return .success(2)
        } waiter: {
            late.put($0)
        }
        #expect(!joined)
        first.open()
        await ended.first(1)
        // Give a wrong effect of the first call's end time to appear.
        for _ in 0..<100 { await Task.yield() }
        #expect(late.count == 0)
        second.open()
        #expect(try await late.first(1)[0].get() == 2)
        #expect(early.count == 1)
    }

    @Test func `A caller that needs work that starts now joins no older call, and both are answered`() async throws {
        let (old, new) = (Gate(), Gate())
        let answers = Inbox<Int>()
        func join(_ number: Int, isNew: Bool, _ gate: Gate) -> Bool {
            calls.join("key", isNew: isNew, deadline: deadline(60)) { _ in
                await gate.pass()
                return .success(number)
            } waiter: { outcome in
                if case .success(let number) = outcome { answers.put(number) }
            }
        }
        #expect(!join(1, isNew: false, old))
        #expect(!join(2, isNew: true, new))
        #expect(join(3, isNew: false, new))
        #expect(calls.waiters(on: "key") == 2)
        new.open()
        #expect(await answers.first(2) == [2, 2])
        #expect(calls.waiters(on: "key") == nil)
        old.open()
        #expect(await answers.first(3) == [2, 2, 1])
    }

    @Test func `A replaced call keeps its deadlines and does not affect the new call`() async {
        let (old, new) = (Gate(), Gate())
        let (early, late) = (Inbox<Result<Int, UpstreamFault>>(), Inbox<Result<Int, UpstreamFault>>())
        calls.join("key", deadline: deadline(3)) { _ in
            await old.pass()
            return .success(1)
        } waiter: {
            early.put($0)
        }
        calls.replaceAll()
        #expect(calls.waiters(on: "key") == nil)
        calls.join("key", deadline: deadline(9)) { _ in
            await new.pass()
            return .success(2)
        } waiter: {
            late.put($0)
        }
        sleeper.advance(by: .seconds(3))
        let outcome = await early.first(1)[0]
        #expect(throws: UpstreamFault(.timedOut)) { try outcome.get() }
        #expect(calls.waiters(on: "key") == 1 && late.count == 0)
        old.open()
        new.open()
    }

    @Test func `Calls of different keys are independent`() async throws {
        let gate = Gate()
        let answers = Inbox<Result<Int, UpstreamFault>>()
        calls.join("slow", deadline: deadline(60)) { _ in
            await gate.pass()
            return .success(1)
        } waiter: {
            answers.put($0)
        }
        calls.join("quick", deadline: deadline(60)) { _ in
            .success(2)
        } waiter: {
            answers.put($0)
        }
        #expect(try await answers.first(1)[0].get() == 2)
        #expect(calls.waiters(on: "slow") == 1)
        gate.open()
        #expect(try await answers.first(2)[1].get() == 1)
        #expect(calls.waiters(on: "slow") == nil)
    }

    @Test func `Each waiter stops at its own deadline, in whatever order they arrived`() async throws {
        let gate = Gate()
        let left = Inbox<Int>()
        for seconds in [5, 2, 8, 1, 3] {
            calls.join("key", deadline: deadline(seconds)) { _ in
                await gate.pass()
                return .success(0)
            } waiter: { outcome in
                if case .failure = outcome { left.put(seconds) }
            }
        }
        var elapsed = 0
        for (place, seconds) in [1, 2, 3, 5, 8].enumerated() {
            sleeper.advance(by: .seconds(seconds - elapsed))
            elapsed = seconds
            #expect(await left.first(place + 1).last == seconds)
        }
        #expect(calls.waiters(on: "key") == 0)
        gate.open()
    }

    @Test func `A second start in the background does nothing`() async {
        let gate = Gate()
        let runs = Inbox<Int>()
        let work: @Sendable (MonotonicTime) async -> Result<Int, UpstreamFault> = { _ in
            runs.put(1)
            await gate.pass()
            return .success(1)
        }
        #expect(calls.start("key", work: work))
        #expect(!calls.start("key", work: work))
        await runs.first(1)
        gate.open()
        await settle { calls.waiters(on: "key") == nil }
        #expect(runs.count == 1)
    }
}
