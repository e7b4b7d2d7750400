internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyMetrics

/// The credentials that the `credential_process` of a profile prints.
struct ProcessCredentialProvider: Sendable {
    private let context: CredentialContext

    init(_ context: CredentialContext) { self.context = context }

    /// Runs the command. No message contains the command, because its arguments may be secret.
    func credentials(_ command: String) async throws(AWSError) -> AWSCredentials {
        guard let words = CredentialPlanner.words(of: command) else {
            throw .noCredentials(CredentialPlanner.notACommand)
        }
        guard context.canRunPrograms else {
            throw .noCredentials(
                "credential_process was not configured at start (LATCHKEY_CONFINE): restart the broker to run it")
        }
        let started = context.time.now().monotonic
        let output = await context.run(
            ChildProcess(words: words, environment: Self.childEnvironment(context.environment)))
        let outcome = Result { () throws(AWSError) in try credentials(in: output) }
        let label: UpstreamOutcome =
            switch outcome {
            case .success: .success
            case .failure(let error): error.outcome
            }
        context.metrics.upstreamRequest(.credentials, .process, label, took: context.time.now().monotonic - started)
        return try outcome.get()
    }

    private func credentials(
        in output: Result<[UInt8], ChildProcess.RunError>
    ) throws(AWSError) -> AWSCredentials {
        let bytes: [UInt8]
        switch output {
        case .success(let printed): bytes = printed
        case .failure(let error): throw AWSError(error)
        }
        do throws(CredentialDocument.FormatError) {
            var credentials = try CredentialDocument(bytes, .process).credentials
            credentials.expiration = credentials.expiration.map { context.ownTime(of: $0) }
            return credentials
        } catch {
            throw AWSError(.invalidAnswer, hint: "the output of credential_process is not valid: \(error.why)")
        }
    }

    /// The environment without Latchkey's own secrets, which the program does not need.
    private static func childEnvironment(_ environment: [String: String]) -> [String: String] {
        environment.filter { !$0.key.hasPrefix("LATCHKEY_") && !$0.key.hasPrefix("AUTH0_") }
    }
}

extension AWSError {
    fileprivate init(_ error: ChildProcess.RunError) {
        switch error {
        case .notStarted(let errno):
            self = .noCredentials("credential_process cannot be started (errno \(errno))")
        case .exited(let status):
            self.init(.unavailable, hint: "credential_process ended with \(status)")
        case .killed(let signal):
            self.init(.unavailable, hint: "credential_process was ended by signal \(signal)")
        case .outputTooLong:
            self.init(
                .invalidAnswer,
                hint: "credential_process printed more than \(ChildProcess.maxOutputBytes / 1024) KiB")
        case .timedOut:
            self.init(
                .timedOut,
                hint: "credential_process took longer than \(ChildProcess.defaultTimeout.components.seconds) s")
        }
    }
}
