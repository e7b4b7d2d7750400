import Glibc
import LatchkeyBroker
import LatchkeyCore
import LatchkeyTestSupport
import Logging
import Testing
import latchkey

@Suite struct SignalsTests {
    /// A single test, because a process installs its handlers once.
    @Test(.timeLimit(.minutes(20)))
    func
        `A signal that comes as soon as it is kept is not lost, one that means nothing stops nothing, a second one ends the delay`()
        async throws
    {
        let log = Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() }
        Signals.survive()
        kill(getpid(), SIGUSR1)
        let signals = try Signals()
        for number in [SIGHUP, SIGUSR1, SIGUSR2, SIGALRM, SIGPROF, SIGIO, __libc_current_sigrtmin() + 3] {
            kill(getpid(), number)
        }
        kill(getpid(), SIGTERM)
        await signals.untilAskedToStop(log: log)
        // The clock of the delay does not advance, so only the second signal ends it.
        let clock = ManualClock()
        kill(getpid(), SIGUSR2)
        kill(getpid(), SIGINT)
        let sleeper = ManualSleeper(clock)
        await signals.wait(
            until: clock.now.monotonic + .seconds(5), time: sleeper.source, log: log)
    }
}
