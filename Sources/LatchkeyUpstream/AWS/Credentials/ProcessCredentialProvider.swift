internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyMetrics

extension CredentialContext {
    /// The chosen profile's `credential_process`.
    func processProvider(_ planner: Planner) -> CredentialProvider {
        CredentialProvider(.process) { () throws(AWSError) in
            let planner = try Self.planner(planner)
            guard let plan = try Self.plan({ () throws(SharedConfigError) in try planner.process() }) else {
                return .absent("profile \(planner.files.profile) has no credential_process")
            }
            return .found(try await carryOut(plan))
        }
    }

    /// What a program prints. The command itself goes into no message: it may hold what nobody should read.
    func credentials(ofProcess command: String) async throws(AWSError) -> AWSCredentials {
        guard let words = try? CommandWords.split(command), let program = words.first, !program.isEmpty else {
            throw .credentials("credential_process is no command: a quote is open, or it is empty")
        }
        let started = time.now().monotonic
        let result = await run(
            ChildProcess(words: words, environment: Self.childEnvironment(environment)))
        let took = time.now().monotonic - started
        do throws(AWSError) {
            let credentials = try credentials(ofOutput: result)
            metrics.upstreamRequest(.credentials, .process, .success, took)
            return credentials
        } catch {
            metrics.upstreamRequest(.credentials, .process, error.outcome, took)
            throw error
        }
    }

    private func credentials(
        ofOutput result: Result<[UInt8], ChildProcess.Failure>
    ) throws(AWSError) -> AWSCredentials {
        let output: [UInt8]
        switch result {
        case .success(let bytes): output = bytes
        case .failure(let failure): throw failure.asError
        }
        do throws(CredentialDocument.Refusal) {
            var credentials = try CredentialDocument(output, .process).credentials
            credentials.expiration = credentials.expiration.map { ownTime(of: $0) }
            return credentials
        } catch {
            throw AWSError(.invalidAnswer, hint: "what credential_process prints is not taken: \(error.why)")
        }
    }

    /// Our own environment without our own secrets: the program is AWS's business.
    static func childEnvironment(_ environment: [String: String]) -> [String: String] {
        environment.filter { !$0.key.hasPrefix("LATCHKEY_") && !$0.key.hasPrefix("AUTH0_") }
    }
}

extension ChildProcess.Failure {
    fileprivate var asError: AWSError {
        switch self {
        case .notStarted(let errno): .credentials("credential_process cannot be started (errno \(errno))")
        case .exited(let status):
            AWSError(.unavailable, hint: "credential_process ended with \(status)")
        case .killed(let signal): AWSError(.unavailable, hint: "credential_process was ended by signal \(signal)")
        case .tooLong: AWSError(.invalidAnswer, hint: "credential_process printed more than 64 KiB")
        case .timedOut: AWSError(.timedOut, hint: "credential_process took longer than 30 s")
        }
    }
}
