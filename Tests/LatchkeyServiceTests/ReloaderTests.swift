import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeySettings
import LatchkeyTestSupport
import Logging
import Synchronization
import Testing

@testable import LatchkeyService

/// Reloads with settings that the test changes, and parts that only note what they are asked for.
@Suite(.timeLimit(.minutes(20))) struct ReloaderTests {
    private static let key = "a-key-of-the-tests-0123456789"

    /// The text of the settings file, and what the parts have been given.
    private final class World: Sendable {
        struct State {
            var lines: [String] = []
            var replaced: [String] = []
            var readings = 0
            /// Lines for later readings, one each.
            var queued: [[String]] = []
            var phases: [Reloader.Phase] = []
            var refusesKey = false
        }

        let state = Mutex(State())

        func settings(_ lines: [String]) -> (Settings, [String]) {
            Settings.examine(
                environment: ["LATCHKEY_CONFIG": "/settings", "AWS_REGION": "eu-central-1"], need: .server,
                processors: 2,
                readFile: { $0 == "/settings" ? (["LATCHKEY_API_KEY=\(key)"] + lines).joined(separator: "\n") : nil })
        }

        func read() -> (settings: Settings, problems: [String]) {
            let lines = state.withLock { state in
                state.readings += 1
                if !state.queued.isEmpty { state.lines = state.queued.removeFirst() }
                return state.lines
            }
            return settings(lines)
        }
    }

    private let world = World()
    private let clock = ManualClock()
    private let record = ReloadRecord(logLevel: LiveLogLevel(.info))
    private let metrics = Metrics(version: "1", profiles: [])

    /// Sleeps end at once.
    private var time: Timing { Timing(now: { clock.now }, sleep: { _ in }) }

    private func reloader() -> Reloader {
        let world = world
        let parts = Reloader.Parts(
            replace: { part, settings throws(SettingsError) in
                let isRefused = world.state.withLock { $0.refusesKey && part == .key }
                if isRefused { throw SettingsError(lines: ["no"]) }
                let text = part == .key ? settings.apiKey?.revealText() ?? "" : "\(settings.logLevel)"
                world.state.withLock { $0.replaced.append(text) }
            }, checkFiles: {})
        let source = ReloadSource(
            logLevel: LiveLogLevel(.info), onPhase: { phase in world.state.withLock { $0.phases.append(phase) } },
            read: { world.read() })
        return Reloader(
            world.settings([]).0, source, parts: parts, record: record, metrics: metrics, time: time,
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func write(_ lines: String...) { world.state.withLock { $0.lines = lines } }

    private var replaced: [String] { world.state.withLock { $0.replaced } }

    private func shown(_ name: String) -> [String] { record.json[name]?.array?.compactMap(\.string) ?? [] }

    @Test func `Each part that differs is replaced once`() async {
        let reloader = reloader()
        await reloader.reload(.signal)
        #expect(replaced == [])
        write("LATCHKEY_LOG_LEVEL=debug", "LATCHKEY_API_KEY=another-key-of-the-tests", "LATCHKEY_WORKERS=9")
        await reloader.reload(.signal)
        #expect(replaced == ["another-key-of-the-tests", "debug"])
        #expect(shown("changed") == ["LATCHKEY_API_KEY", "LATCHKEY_LOG_LEVEL"])
        #expect(shown("needs_restart") == ["LATCHKEY_WORKERS"])
        await reloader.reload(.signal)
        #expect(replaced.count == 2 && shown("changed") == [] && shown("needs_restart") == ["LATCHKEY_WORKERS"])
    }

    @Test func `A part that cannot be used is tried again, and the others do not wait for it`() async {
        let reloader = reloader()
        write("LATCHKEY_LOG_LEVEL=loud", "LATCHKEY_API_KEY=another-key-of-the-tests")
        await reloader.reload(.signal)
        #expect(replaced == ["another-key-of-the-tests"])
        #expect(shown("failed") == ["LATCHKEY_LOG_LEVEL"] && !record.isHealthy && record.failing == 1)
        write("LATCHKEY_LOG_LEVEL=debug", "LATCHKEY_API_KEY=a-third-key-of-the-tests")
        world.state.withLock { $0.refusesKey = true }
        await reloader.reload(.signal)
        #expect(shown("failed") == ["LATCHKEY_API_KEY"] && replaced.last == "debug")
        world.state.withLock { $0.refusesKey = false }
        await reloader.reload(.file)
        #expect(replaced.last == "a-third-key-of-the-tests" && record.isHealthy)
    }

    @Test func `A file is used once two readings agree, and not at all if it does not come to rest`() async {
        let reloader = reloader()
        let halves = (0..<3).map { ["LATCHKEY_LOG_LEVEL=\(["trace", "debug", "notice"][$0])"] }
        world.state.withLock { $0.queued = halves }
        await reloader.reload(.signal)
        #expect(replaced == ["notice"] && world.state.withLock { $0.readings } == 4)
        world.state.withLock { state in
            state.queued = (0..<Reloader.maxReadings).map { ["LATCHKEY_SECRET_TTL=\($0)"] }
        }
        await reloader.reload(.signal)
        #expect(replaced == ["notice"] && shown("failed") == ["LATCHKEY_CONFIG"])
    }

    @Test func `Of a file with a line that is not understood nothing is used`() async {
        let reloader = reloader()
        write("LATCHKEY_LOG_LEVEL=debug", "LATCHKEY_API_KEY='another-key-of-the-tests")
        await reloader.reload(.signal)
        #expect(replaced == [] && shown("failed") == ["LATCHKEY_CONFIG"])
    }

    @Test func `A reload that shows nothing new and was not asked for does not hide the last one`() async {
        let reloader = reloader()
        write("LATCHKEY_LOG_LEVEL=debug")
        await reloader.reload(.signal)
        await reloader.reload(.file)
        #expect(shown("changed") == ["LATCHKEY_LOG_LEVEL"])
    }

    @Test func `Requests during a reload lead to one more, and each is announced`() async {
        let reloader = reloader()
        for _ in 0..<100 { reloader.request(.signal) }
        while world.state.withLock({ $0.phases.last != .ended }) { await Task.yield() }
        let phases = world.state.withLock { $0.phases }
        #expect(phases.count % 2 == 0 && phases.count <= 200)
        for (index, phase) in phases.enumerated() { #expect(phase == (index % 2 == 0 ? .began : .ended)) }
    }
}
