internal import ArgumentParser
internal import Glibc
internal import LatchkeyCore
internal import LatchkeyNet
internal import LatchkeyService
internal import LatchkeySettings
internal import Logging

/// `latchkey lambda-extension`.
struct LambdaExtensionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lambda-extension", abstract: "Run the broker as an extension of AWS Lambda, beside a function.",
        discussion: """
            Serves localhost:2773 (PARAMETERS_SECRETS_EXTENSION_HTTP_PORT) with the function's AWS_SESSION_TOKEN as key. \
            deploy/lambda/layer builds the layer.
            """)

    @Option(help: "The name to register with: the name of the file in /opt/extensions.") var name = "latchkey"

    func run() async throws {
        CommandEnvironment.harden()
        Signals.survive()
        try await finishing {
            let sink = LogSink()
            let environment: LambdaEnvironment
            do throws(LambdaEnvironment.Problem) {
                environment = try LambdaEnvironment(CommandEnvironment.variables)
            } catch {
                throw CommandFailure(.configuration, error.message)
            }
            let api = try ExtensionsAPI(host: environment.host, port: environment.port)
            do {
                try await serve(environment, api, sink)
            } catch let failure as ExtensionsAPI.Failure {
                throw CommandFailure(.unavailable, failure.message)
            }
            api.shutdown()
        }
    }

    /// Serves from INIT to SHUTDOWN.
    private func serve(_ environment: LambdaEnvironment, _ api: ExtensionsAPI, _ sink: LogSink) async throws {
        let id = try await api.register(name: name)
        let (service, log) = try await start(environment, api: api, id: id, sink: sink)
        do throws(ExtensionsAPI.Failure) {
            while true {
                guard case .shutdown(let reason, let deadline) = try await api.next(id) else { continue }
                log.notice("asked to stop", metadata: ["reason": "\(reason)"])
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
        _ environment: LambdaEnvironment, api: ExtensionsAPI, id: String, sink: LogSink
    ) async throws -> (Service, Logger) {
        do {
            let (settings, notes) = try readSettings(environment)
            CommandEnvironment.installCrashReporter(settings)
            let log = CommandEnvironment.logger(settings, sink: sink)
            settings.logWarnings(log)
            tell(notes, log)
            let service = try Service.start(settings, log: log, sink: sink)
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
        for note in notes { log.warning("\(note)") }
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
