internal import ArgumentParser
internal import Glibc
internal import LatchkeyCore
internal import LatchkeyLog
internal import LatchkeyNet
internal import LatchkeyService
internal import LatchkeySettings
internal import Logging

/// `latchkey lambda-extension`.
struct LambdaExtensionCommand: ConfinedCommand {
    /// What is known before the process has a second thread.
    struct Prepared: Sendable {
        let environment: LambdaEnvironment
        /// The broker, and notes about variables of AWS's extension; or all problems of the settings, which are reported
        /// to the Extensions API.
        let broker: Result<(settings: ConfinedSettings, notes: [String]), SettingsError>
    }

    static let configuration = CommandConfiguration(
        commandName: "lambda-extension", abstract: "Run the broker as an extension of AWS Lambda, beside a function.",
        discussion: """
            Serves localhost:2773 (PARAMETERS_SECRETS_EXTENSION_HTTP_PORT) with the function's AWS_SESSION_TOKEN as key. \
            deploy/lambda/layer builds the layer.
            """)

    @Option(help: "The name to register with: the name of the file in /opt/extensions.") var name = "latchkey"

    func prepare() -> Result<Prepared, any Error> {
        CommandEnvironment.harden()
        Signals.survive()
        do throws(LambdaEnvironment.Problem) {
            let environment = try LambdaEnvironment(CommandEnvironment.variables)
            let broker = Result { () throws(SettingsError) in
                let (settings, notes) = try readSettings(environment)
                return (settings: ConfinedSettings(confining: settings), notes: notes)
            }
            return .success(Prepared(environment: environment, broker: broker))
        } catch {
            return .failure(CommandFailure(.configuration, error.message))
        }
    }

    func run(_ prepared: Result<Prepared, any Error>) async throws {
        try await finishing {
            let prepared = try prepared.get()
            let sink = LogSink()
            let api = try ExtensionsAPI(host: prepared.environment.host, port: prepared.environment.port)
            do {
                try await serve(prepared, api, sink)
            } catch let failure as ExtensionsAPI.Failure {
                throw CommandFailure(.unavailable, failure.message)
            }
            api.shutdown()
        }
    }

    /// Serves from INIT to SHUTDOWN.
    private func serve(_ prepared: Prepared, _ api: ExtensionsAPI, _ sink: LogSink) async throws {
        let id = try await api.register(name: name)
        let (service, log) = try await start(prepared, api: api, id: id, sink: sink)
        do throws(ExtensionsAPI.Failure) {
            while true {
                guard case .shutdown(let reason, let deadline) = try await api.next(id) else { continue }
                log.notice(.stopRequested, "asked to stop", metadata: ["reason": "\(reason)"])
                await stop(service, by: deadline, sink)
                return
            }
        } catch {
            await api.report(.leaving, id, kind: "Extension.Events", message: error.message)
            throw error
        }
    }

    /// INIT ends when the first event is requested. Before that the broker listens and has prefetched
    /// `LATCHKEY_PREFETCH`. If the store is down, this takes at most the caller timeout.
    private func start(
        _ prepared: Prepared, api: ExtensionsAPI, id: String, sink: LogSink
    ) async throws -> (Service, Logger) {
        do {
            let (confined, notes) = try prepared.broker.get()
            let settings = confined.settings
            let log = CommandEnvironment.logger(settings, sink: sink)
            settings.logWarnings(log)
            confined.confinement?.log(log)
            tell(notes, log)
            let service = try Service.start(settings, confinement: confined.confinement, log: log, sink: sink)
            await service.prefetch()
            return (service, log)
        } catch {
            let message =
                switch error {
                case let problems as SettingsError: problems.lines.joined(separator: "; ")
                case let failure as CommandFailure: failure.message
                default: "the broker cannot start"
                }
            await api.report(.initialising, id, kind: "Extension.Start", message: message)
            throw error
        }
    }

    /// The settings with AWS's variables applied, and notes about those variables.
    /// - Throws: all problems of settings and variables.
    private func readSettings(
        _ environment: LambdaEnvironment
    ) throws(SettingsError) -> (settings: Settings, notes: [String]) {
        let variables = ExtensionVariables(environment.broker)
        var settings: Settings
        do throws(SettingsError) {
            settings = try CommandEnvironment.settings(
                flags: [.listen: environment.listen], environment: environment.broker, need: .server)
        } catch {
            throw SettingsError(lines: (error.lines + variables.problems).sorted())
        }
        guard variables.problems.isEmpty else { throw SettingsError(lines: variables.problems.sorted()) }
        let notes = variables.apply(to: &settings)
        return (settings, notes)
    }

    /// Logged at every level, because whoever set a variable must learn that it has no effect.
    private func tell(_ notes: [String], _ log: Logger) {
        var log = log
        log.logLevel = min(log.logLevel, .warning)
        for note in notes { log.warning(.lambdaVariableIgnored, "\(note)") }
    }

    /// Exits by the deadline even if requests are still in progress. A process that stays longer is killed, and the end
    /// of its log is lost.
    private func stop(_ service: Service, by deadline: WallTime, _ sink: LogSink) async {
        let left = LambdaEvent.drainTime(until: deadline, now: Timing.system.now().wall)
        let expiryTask = Task {
            try await Task.sleep(for: left)
            sink.flush(timeout: LambdaEvent.reserve / 2)
            _exit(ExitStatus.done.rawValue)
        }
        await service.stop(within: left)
        expiryTask.cancel()
        sink.flush(timeout: LambdaEvent.reserve / 2)
    }
}
