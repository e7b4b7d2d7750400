import Testing

@testable import latchkey

@Suite struct RenderGateTests {
    @Test(.timeLimit(.minutes(20))) func `The end waits for the work, and no work begins after it`() async {
        let gate = WriteGate()
        #expect(gate.begin())
        let stop = Task { await gate.stop() }
        // `stop` takes effect at once, whenever it runs.
        while gate.begin() { await Task.yield() }
        gate.end()
        await stop.value
        #expect(!gate.begin())
    }

    @Test(.timeLimit(.minutes(20))) func `Reasons that come together are taken together`() async {
        let wakes = RenderWakes()
        wakes.change()
        wakes.reload()
        wakes.change()
        var reasons = await wakes.next()
        #expect(reasons.reloads && !reasons.isStopping)
        wakes.change()
        reasons = await wakes.next()
        #expect(!reasons.reloads)
        wakes.stop()
        #expect(await wakes.next().isStopping)
    }
}
