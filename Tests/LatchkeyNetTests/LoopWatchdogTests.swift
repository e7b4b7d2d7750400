import Dispatch
import LatchkeyCore
import LatchkeyNet
import LatchkeyTestSupport
import Testing

@Suite(.timeLimit(.minutes(20))) struct LoopWatchdogTests {
    private let clock = ManualClock()
    private let reports = Inbox<MonotonicTime>()

    private func watchdog(_ loops: [LoopHandle], _ sleeper: ManualSleeper) -> LoopWatchdog {
        LoopWatchdog(loops: loops, timeout: .seconds(8), time: sleeper.source) { [clock, reports] in
            reports.put(clock.now.monotonic)
        }
    }

    /// Waits until the watchdog sleeps and the loops have run its jobs.
    private func settle(_ loops: [LoopHandle], _ sleeper: ManualSleeper) async {
        while sleeper.times.isEmpty { await Task.yield() }
        for loop in loops { await answer(loop) }
    }

    private func answer(_ loop: LoopHandle) async {
        await withCheckedContinuation { continuation in
            if !loop.submit({ _ in continuation.resume() }) { continuation.resume() }
        }
    }

    @Test func `It reports twice in its time while all loops run`() async throws {
        let loops = try (0..<3).map { try EventLoop.start(name: "test.\($0)") }
        defer { for loop in loops { loop.stop() } }
        let sleeper = ManualSleeper(clock)
        let start = clock.now.monotonic
        let running = Task { [watchdog = watchdog(loops, sleeper)] in await watchdog.run() }
        for round in 1...5 {
            await settle(loops, sleeper)
            #expect(reports.count == round)
            sleeper.advance(by: .seconds(2))
            await reports.first(round + 1)
        }
        #expect(reports.values == (0...5).map { start + .seconds(2 * $0) })
        running.cancel()
    }

    @Test func `It reports nothing while one loop is stuck, and goes on afterwards`() async throws {
        let loops = try (0..<2).map { try EventLoop.start(name: "test.\($0)") }
        defer { for loop in loops { loop.stop() } }
        let sleeper = ManualSleeper(clock)
        let running = Task { [watchdog = watchdog(loops, sleeper)] in await watchdog.run() }
        await settle(loops, sleeper)
        let stuck = DispatchSemaphore(value: 0)
        loops[1].submit { _ in stuck.wait() }
        sleeper.advance(by: .seconds(2))
        // Of the round before the loop was stuck.
        await reports.first(2)
        for _ in 0..<5 {
            await settle([loops[0]], sleeper)
            sleeper.advance(by: .seconds(2))
            #expect(reports.count == 2)
        }
        await settle([loops[0]], sleeper)
        #expect(reports.count == 2)
        stuck.signal()
        await settle(loops, sleeper)
        sleeper.advance(by: .seconds(2))
        await reports.first(3)
        running.cancel()
    }

    @Test func `A loop that was stopped is not stuck`() async throws {
        let (stopped, sink) = AsyncStream.makeStream(of: Void.self)
        let loop = try EventLoop.start(name: "test") { sink.finish() }
        let sleeper = ManualSleeper(clock)
        let running = Task { [watchdog = watchdog([loop], sleeper)] in await watchdog.run() }
        await settle([loop], sleeper)
        loop.stop()
        for await _ in stopped {}
        for round in 2...4 {
            while sleeper.times.isEmpty { await Task.yield() }
            sleeper.advance(by: .seconds(2))
            await reports.first(round)
        }
        running.cancel()
    }
}
