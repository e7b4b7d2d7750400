import Glibc
import Logging
import Testing
import latchkey

@Suite struct SignalsTests {
    /// One test, since a process keeps its signals once.
    @Test(.timeLimit(.minutes(1)))
    func `A signal that comes as soon as it is kept is not lost, and SIGHUP stops nothing`() async throws {
        let signals = try Signals()
        kill(getpid(), SIGHUP)
        kill(getpid(), SIGTERM)
        await signals.untilAskedToStop(log: Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() })
    }
}
