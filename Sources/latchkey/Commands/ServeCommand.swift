internal import ArgumentParser
internal import LatchkeyHTTP
internal import LatchkeyNet
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
            CommandEnvironment.tellCrashes(settings)
            let sink = LogSink()
            let log = CommandEnvironment.logger(settings, sink: sink)
            settings.logWarnings(log)
            if let path = settings.profilesPath, Files.isOpenToOthers(path) {
                log.warning("others can read \(path), which may hold credentials: chmod 600 \(path)")
            }
            let signals = try Signals()
            let service = try Self.start(settings, log: log, sink: sink)
            CommandEnvironment.dropProgramPages()
            await signals.untilAskedToStop(log: log)
            await service.stop(delayEndedBy: signals, log: log)
            log.notice("stopped")
            sink.flush(timeout: .seconds(1))
        }
    }

    /// Starts the service; an address that cannot be listened on is a matter of configuration.
    static func start(_ settings: Settings, log: Logger, sink: LogSink) throws -> Service {
        do {
            return try Service.start(
                settings, log: log, requests: CommandEnvironment.requestLog(settings, sink: sink))
        } catch let error as HTTPServer.StartError {
            let place = error.address.map { "\($0)" } ?? "LATCHKEY_LISTEN"
            let advice =
                error.cause.isAddressInUse
                ? "; another process listens there"
                : error.cause.isPathTaken
                    ? "; what is there is not a socket and was left alone: remove it or listen elsewhere" : ""
            throw CommandFailure(.configuration, "cannot listen on \(place): \(error.cause)\(advice)")
        }
    }
}

/// The settings that have a flag of their own.
struct SettingFlags: ParsableArguments {
    @Option(help: "Settings file (LATCHKEY_CONFIG).") var config: String?
    @Option(help: "Comma list of host:port, [v6]:port, unix:/path, systemd (LATCHKEY_LISTEN).") var listen: String?
    @Option(help: "Parameter path (LATCHKEY_PREFIX).") var prefix: String?
    @Option(help: "parameter-store, secrets-manager, shadow or auto (LATCHKEY_SECRETS_BACKEND).") var secretsBackend:
        String?
    @Option(help: "Event loops (LATCHKEY_WORKERS).") var workers: String?
    @Option(help: "trace, debug, info, notice, warning, error or critical (LATCHKEY_LOG_LEVEL).") var logLevel: String?
    @Option(help: "json or text (LATCHKEY_LOG_FORMAT).") var logFormat: String?

    /// The flags that were given.
    var values: [SettingName: String] {
        let all: [(SettingName, String?)] = [
            (.config, config), (.listen, listen), (.prefix, prefix), (.secretsBackend, secretsBackend),
            (.workers, workers), (.logLevel, logLevel), (.logFormat, logFormat),
        ]
        return Dictionary(uniqueKeysWithValues: all.compactMap { name, value in value.map { (name, $0) } })
    }
}
