import LatchkeyCore
import LatchkeyTestSupport
import Testing

@Suite struct TimingTests {
    @Test func `The system's sleep ends at its deadline and not before`() async {
        let time = Timing.system
        let deadline = time.now().monotonic + .milliseconds(20)
        await time.sleep(deadline)
        #expect(time.now().monotonic >= deadline)
    }

    @Test func `A cancelled sleep returns early`() async {
        let sleeping = Task { await Timing.system.sleep(.distantFuture) }
        sleeping.cancel()
        await sleeping.value
    }

    @Test func `The system's jitter is at least 0 and less than 1`() {
        for _ in 0..<1000 { #expect((0..<1).contains(Timing.system.jitter())) }
    }

    @Test func `A manual sleeper wakes at the time that its clock shows`() async {
        let clock = ManualClock()
        let sleeper = ManualSleeper(clock)
        let time = sleeper.source
        let deadline = time.now().monotonic + .seconds(60)
        let sleeping = Task { await time.sleep(deadline) }
        await settle { sleeper.times == [deadline] }
        sleeper.advance(by: .seconds(60))
        await sleeping.value
        #expect(time.now().monotonic == deadline)
        #expect(time.jitter() == 0.5)
    }
}
