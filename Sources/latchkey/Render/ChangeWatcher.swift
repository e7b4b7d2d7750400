internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import Synchronization

/// Watches one secret or token at the broker and reports that it may have changed. It reports too often rather than too
/// seldom: at its first answer, and when an answer begins to be an error.
struct ChangeWatcher: Sendable {
    /// Seconds for which the broker holds a request for a secret that has not changed.
    private static let wait = 20
    /// The shortest time from one request to the next, in case a broker answers at once.
    private static let minPause: Duration = .seconds(1)
    static let backoff = Backoff(base: .seconds(1), cap: .seconds(30), jitter: .equal)

    let source: TemplateSource
    let connection: @Sendable () -> BrokerConnection
    let changed: @Sendable () -> Void
    let time: Timing

    /// Watches until the task is cancelled.
    func run() async {
        var state = State()
        while !Task.isCancelled {
            let started = time.now().monotonic
            let response = try? await ask(state.tag)
            if state.take(response, of: source) { changed() }
            let pause =
                state.failures > 0
                ? Self.backoff.delay(afterFailures: state.failures, random: time.jitter())
                : max(state.pause, started + Self.minPause - time.now().monotonic)
            await time.sleep(time.now().monotonic + max(.zero, pause))
        }
    }

    private func ask(_ tag: String?) async throws -> HTTPResponse {
        switch source {
        case .secret: try await connection().get(source.target(wait: Self.wait), accept: "text/plain", unless: tag)
        case .token: try await connection().get(source.target())
        }
    }
}

extension ChangeWatcher {
    /// What the last answers said. Pure.
    struct State {
        /// The entity tag of the secret.
        private(set) var tag: String?
        /// Answers in a row that were none or an error.
        private(set) var failures = 0
        /// The pause before the next request, when there was no failure.
        private(set) var pause: Duration = .zero
        private var token: (digest: Digest, schedule: TokenSchedule)?

        /// Applies an answer.
        ///
        /// - Parameter response: nil if there was none.
        /// - Returns: whether the value may have changed.
        mutating func take(_ response: HTTPResponse?, of source: TemplateSource) -> Bool {
            guard let response, response.status == 200 || response.status == 304 else {
                failures += 1
                return failures == 1
            }
            failures = 0
            guard response.status == 200 else { return false }
            switch source {
            case .secret:
                tag = response.fields["ETag"]
                return true
            case .token: return take(token: response.body)
            }
        }

        private mutating func take(token body: [UInt8]) -> Bool {
            guard let answer = try? JSON(parsing: body), let text = answer["access_token"]?.string else {
                failures = 1
                return false
            }
            let remaining = answer["expires_in"]?.integer ?? 0
            let digest = SHA256.hash(text)
            let schedule = token.flatMap { $0.digest == digest ? $0.schedule : nil }
            let isNew = schedule == nil
            let current = schedule ?? TokenSchedule(lifetime: remaining)
            token = (digest, current)
            pause = current.pause(remaining: remaining)
            return isNew
        }
    }
}
