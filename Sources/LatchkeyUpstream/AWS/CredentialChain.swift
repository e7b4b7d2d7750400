package import LatchkeyCore
package import Logging
internal import Synchronization

/// The credentials in force: the first provider that has some, kept until they end or AWS rejects them.
package final class CredentialChain: Sendable {
    private struct State {
        var current: (credentials: AWSCredentials, generation: Int)?
        var generation = 0
        var loading: Task<Result<(AWSCredentials, Int), AWSError>, Never>?
    }

    private let providers: [CredentialProvider]
    private let time: TimeSource
    private let log: Logger
    private let state = Mutex(State())

    package init(_ providers: [CredentialProvider], time: TimeSource, log: Logger) {
        self.providers = providers
        self.time = time
        self.log = log
    }

    /// The credentials, with a number that names this set.
    ///
    /// - Parameter rejected: the number of a set AWS has just refused: another is looked for, once for however many
    ///   callers met the refusal.
    package func credentials(
        rejecting rejected: Int? = nil
    ) async throws(AWSError) -> (credentials: AWSCredentials, generation: Int) {
        let now = time.now().wall
        let task = state.withLock { state -> Task<Result<(AWSCredentials, Int), AWSError>, Never>? in
            if let current = state.current, current.generation != rejected,
                current.credentials.expiration.map({ $0 > now }) ?? true
            {
                return nil
            }
            if let loading = state.loading { return loading }
            let task = Task { await self.load() }
            state.loading = task
            return task
        }
        if let task { return try await task.value.get() }
        guard let current = state.withLock({ $0.current }) else { throw Self.none }
        return current
    }

    private static let none = AWSError(
        .noCredentials, hint: "no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE")

    private func load() async -> Result<(AWSCredentials, Int), AWSError> {
        var result = Result<AWSCredentials, AWSError>.failure(Self.none)
        for provider in providers {
            do throws(AWSError) {
                guard let found = try await provider.load() else {
                    log.debug("no credentials here", metadata: ["provider": "\(provider.name)"])
                    continue
                }
                log.debug("credentials found", metadata: ["provider": "\(provider.name)"])
                result = .success(found)
            } catch {
                log.debug(
                    "credentials refused", metadata: ["provider": "\(provider.name)", "why": "\(error.hint ?? "")"])
                result = .failure(error)
            }
            break
        }
        return state.withLock { state in
            state.loading = nil
            return result.map { credentials in
                state.generation += 1
                state.current = (credentials, state.generation)
                return (credentials, state.generation)
            }
        }
    }
}
