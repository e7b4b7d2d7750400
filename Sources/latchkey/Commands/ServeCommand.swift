internal import ArgumentParser
internal import LatchkeyConfine
internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyLog
internal import LatchkeyNet
internal import LatchkeyService
internal import LatchkeySettings
internal import Logging

/// `latchkey serve`.
struct ServeCommand: ConfinedCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the broker until SIGTERM.")

    @OptionGroup var flags: SettingFlags

    func prepare() -> Result<ConfinedSettings, any Error> {
        CommandEnvironment.harden()
        Signals.survive()
        return Result {
            ConfinedSettings(confining: try CommandEnvironment.settings(flags: flags.values, need: .server))
        }
    }

    func run(_ prepared: Result<ConfinedSettings, any Error>) async throws {
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
                log.warning(
                    .fileReadableByOthers, "others can read \(path), which may hold credentials: chmod 600 \(path)")
            }
            if let path = settings.callersPath, SmallFile.isOpenToOthers(path) {
                log.warning(
                    .fileReadableByOthers, "others can read \(path), which says who may have what: chmod 600 \(path)")
            }
            let signals = try Signals()
            let manager = ServiceReports(.ofProcess(log: log), log: log)
            let service = try Service.start(
                settings, confinement: prepared.confinement, log: log, sink: sink,
                reload: .process(settings, flags: flags.values, logLevel: level, onPhase: manager.reload))
            manager.started(service)
            CommandEnvironment.dropProgramPages()
            Task { await MemoryTrimmer(time: .system, log: log).run() }
            await signals.untilAskedToStop(log: log) { service.reloader?.request(.signal) }
            manager.stopping()
            await service.stop(delayEndedBy: signals, log: log)
            log.notice(.stopped, "stopped")
            sink.flush(timeout: .seconds(1))
        }
    }
}
