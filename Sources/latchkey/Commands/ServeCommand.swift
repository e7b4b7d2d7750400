internal import ArgumentParser
internal import LatchkeyConfine
internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyNet
internal import LatchkeyService
internal import LatchkeySettings
internal import Logging

/// `latchkey serve`.
struct ServeCommand: AsyncParsableCommand {
    /// What ``prepare()`` has done.
    struct Prepared: Sendable {
        let settings: Settings
        /// Nil if `LATCHKEY_CONFINE` is `false`.
        let confinement: ConfinementState?
    }

    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the broker until SIGTERM.")

    @OptionGroup var flags: SettingFlags

    /// Reads the settings and confines the process. Must be called while the process has one thread.
    func prepare() -> Result<Prepared, any Error> {
        CommandEnvironment.harden()
        Signals.survive()
        return Result {
            let settings = try CommandEnvironment.settings(flags: flags.values, need: .server)
            CommandEnvironment.installCrashReporter(settings)
            return Prepared(settings: settings, confinement: CommandEnvironment.confine(settings))
        }
    }

    func run() async throws { try await run(prepare()) }

    /// Runs the broker. A failure of the preparation is reported as one of this command.
    func run(_ prepared: Result<Prepared, any Error>) async throws {
        try await finishing {
            let prepared = try prepared.get()
            let settings = prepared.settings
            let sink = LogSink()
            let level = LiveLogLevel(settings.logLevel)
            let log = CommandEnvironment.logger(settings, level: level, sink: sink)
            settings.logWarnings(log)
            prepared.confinement?.log(log)
            CommandEnvironment.logMemory(log)
            if let path = settings.profilesPath, SmallFile.isOpenToOthers(path) {
                log.warning("others can read \(path), which may hold credentials: chmod 600 \(path)")
            }
            if let path = settings.callersPath, SmallFile.isOpenToOthers(path) {
                log.warning("others can read \(path), which says who may have what: chmod 600 \(path)")
            }
            let signals = try Signals()
            let manager = ServiceReports(.ofProcess(log: log), log: log)
            let service = try Service.start(
                settings, scope: prepared.confinement?.scope ?? .everything, log: log, sink: sink,
                reload: .process(settings, flags: flags.values, logLevel: level, onPhase: manager.reload))
            manager.started(service)
            CommandEnvironment.dropProgramPages()
            await signals.untilAskedToStop(log: log) { service.reloader?.request(.signal) }
            manager.stopping()
            await service.stop(delayEndedBy: signals, log: log)
            log.notice("stopped")
            sink.flush(timeout: .seconds(1))
        }
    }
}
