internal import ArgumentParser
internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyNet
internal import LatchkeyService
internal import LatchkeySettings
internal import Logging

/// `latchkey serve`.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the broker until SIGTERM.")

    @OptionGroup var flags: SettingFlags

    func run() async throws {
        CommandEnvironment.harden()
        Signals.survive()
        try await finishing {
            let settings = try CommandEnvironment.settings(flags: flags.values, need: .server)
            CommandEnvironment.installCrashReporter(settings)
            let sink = LogSink()
            let level = LiveLogLevel(settings.logLevel)
            let log = CommandEnvironment.logger(settings, level: level, sink: sink)
            settings.logWarnings(log)
            if let path = settings.profilesPath, SmallFile.isOpenToOthers(path) {
                log.warning("others can read \(path), which may hold credentials: chmod 600 \(path)")
            }
            let signals = try Signals()
            let manager = ServiceReports(.ofProcess(log: log), log: log)
            let service = try Service.start(
                settings, log: log, sink: sink,
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
