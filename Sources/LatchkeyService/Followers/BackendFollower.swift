package import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMetrics
internal import LatchkeySettings
internal import Logging
internal import Synchronization

/// Follows the parameters `<prefix>/latchkey/backend` (backend `auto`) and `<prefix>/latchkey/kept`: a cut-over of the
/// fleet, and its way back, is a write and no deploy. What a look means is decided by ``BackendWord`` and ``KeptWord``;
/// what both say is applied together.
package final class BackendFollower: Sendable {
    /// Between two looks. With ``spread``, two times ``maxReadTime`` and ``maxWarmTime`` it stays under the 30 s in which a
    /// broker is to notice.
    static let interval: Duration = .seconds(9)
    /// Between two looks where settings name the backend, so that only the list of kept secrets may change.
    static let keptInterval: Duration = .seconds(18)
    /// How much shorter or longer a pause may be, so that replicas started together do not ask together.
    static let spread = 0.2
    /// The longest one reading may take; less where `LATCHKEY_UPSTREAM_TIMEOUT` is.
    static let maxReadTime: Duration = .seconds(4)
    /// Between two looks while nobody knows yet where secrets are read.
    static let unknownInterval: Duration = .seconds(1)
    /// The same where settings name the backend: callers do not wait for it.
    static let unknownKeptInterval: Duration = .seconds(2)
    /// The longest that secrets are read ahead before another store is in force for them.
    static let maxWarmTime: Duration = .seconds(11)
    /// Readings of one look at the most.
    static let maxReadings = 3
    /// What `/health` calls the backend's parameter.
    static let name = SettingName.secretsBackend.rawValue
    /// What `/health` calls the parameter of kept secrets.
    static let keptName = ReloadSubject.kept.label

    /// The parameters that are followed.
    struct Parameters: Sendable {
        /// The name of the parameter that names the backend.
        let backend: String
        /// The name of the parameter that lists the secrets that stay in Secrets Manager.
        let kept: String
        /// Reads both by the deadline.
        let read: @Sendable (MonotonicTime) async -> BackendReading

        init(
            backend: String, kept: String, read: @escaping @Sendable (MonotonicTime) async -> BackendReading
        ) {
            self.backend = backend
            self.kept = kept
            self.read = read
        }
    }

    /// What the looks have found so far.
    private struct State {
        var word = BackendWord()
        var kept = KeptWord()
        /// Looks under way.
        var checksRunning = 0
    }

    private let parameters: Parameters
    /// Where settings name it; nil for `auto`.
    private let fixed: SecretBackend?
    /// Whether anybody uses secrets. Where nobody does, the store need not be there.
    private let isUsed: @Sendable () -> Bool
    private let secrets: SecretBroker
    private let reloads: ReloadHealth
    private let timeout: Duration
    private let time: TimeSource
    private let log: Logger
    private let state = Mutex(State())

    /// - Parameters:
    ///   - backend: where settings name it; nil for `auto`.
    ///   - isUsed: whether anybody uses secrets.
    init(
        parameters: Parameters, backend: SecretBackend?, isUsed: @escaping @Sendable () -> Bool,
        secrets: SecretBroker, reloads: ReloadHealth, timeout: Duration, time: TimeSource, log: Logger
    ) {
        self.parameters = parameters
        fixed = backend
        self.isUsed = isUsed
        self.secrets = secrets
        self.reloads = reloads
        self.timeout = timeout
        self.time = time
        self.log = log
        if backend == nil { reloads.follow(Self.name, .backend, source: parameters.backend) }
        reloads.follow(Self.keptName, .kept, source: parameters.kept)
        if backend != nil { secrets.whenAwaited { [weak self] in self?.checkForCaller() } }
    }

    /// Where nobody used secrets, their first caller waits for this look.
    private func checkForCaller() {
        let isFirst = state.withLock { state in
            guard state.checksRunning == 0 else { return false }
            state.checksRunning += 1
            return true
        }
        guard isFirst else { return }
        Task {
            await check(isWanted: true)
            state.withLock { $0.checksRunning -= 1 }
        }
    }

    /// Runs until the task is cancelled.
    ///
    /// - Parameter first: a look that was begun before.
    func run(after first: Task<Void, Never>) async {
        await first.value
        while !Task.isCancelled {
            let known = fixed == nil ? Self.interval : Self.keptInterval
            let unknown = fixed == nil ? Self.unknownInterval : Self.unknownKeptInterval
            let interval = secrets.places == nil ? unknown : known
            try? await Task.sleep(for: interval * Double.random(in: (1 - Self.spread)..<(1 + Self.spread)))
            if Task.isCancelled { return }
            await check()
        }
    }

    /// Looks once, for a command that does not run on.
    ///
    /// - Returns: why the backend is not known; nil where it is.
    package func readOnce() async -> UpstreamFault? {
        await check()
        guard let failure = state.withLock({ $0.word.failure }) else { return nil }
        secrets.backendIsUnknown(failure.unknown, isFinal: true)
        switch failure {
        case .unread(let fault): return fault
        case .gone, .unknownWord:
            return UpstreamFault(.notReady, upstream: .parameterStore, code: failure.code, subject: parameters.backend)
        }
    }

    /// Reads the parameters and follows what they say. Where one cannot be followed, what was in force stays so.
    ///
    /// One GetParameters does not read two parameters at one moment. A change to Parameter Store counts when a second
    /// reading, begun after the first, gives the same: cut-over writes the list before the backend, and rollback after it.
    ///
    /// - Parameter isWanted: a caller waits for it.
    package func check(isWanted: Bool = false) async {
        guard fixed == nil || isWanted || isUsed() else { return }
        state.withLock { $0.checksRunning += 1 }
        defer { state.withLock { $0.checksRunning -= 1 } }
        var seen: SecretPlaces?
        for _ in 0..<Self.maxReadings {
            let deadline = time.now().monotonic + min(timeout, Self.maxReadTime)
            take(await parameters.read(deadline))
            guard let next = wanted, next != secrets.places else { break }
            if fixed != nil || next.backend.store == .secretsManager || next == seen {
                await follow(next, isRead: next == seen)
                break
            }
            if secrets.places != nil { await warm(next) }
            seen = next
        }
        reportUnknown()
    }

    /// Where secrets are to be read by what was found; nil while that is not known.
    private var wanted: SecretPlaces? {
        let (backend, list) = state.withLock { (fixed ?? $0.word.backend, $0.kept.list) }
        guard let backend else { return nil }
        guard backend.store == .parameterStore else {
            return SecretPlaces(backend: backend, kept: secrets.keys(ofSecrets: list?.names ?? []))
        }
        return list.map { SecretPlaces(backend: backend, kept: secrets.keys(ofSecrets: $0.names)) }
    }

    private func take(_ reading: BackendReading) {
        if let look = reading.backend { applyBackend(look) }
        applyKept(reading.kept)
    }

    private func applyBackend(_ look: BackendWord.Look) {
        switch state.withLock({ $0.word.take(look) }) {
        case .nothing: break
        case .follow: reloads.recordSuccess(Self.name, isChange: true)
        case .recovered:
            reloads.recordSuccess(Self.name, isChange: false)
            log.notice(
                "the parameter that names the backend is followed again",
                metadata: [
                    "parameter": "\(parameters.backend)", "backend": "\(secrets.backend?.rawValue ?? "unknown")",
                ])
        case .failing(let failure):
            reloads.recordFailure(Self.name, code: failure.code)
            log.warning(
                "the parameter that names the backend cannot be followed; keeping the current backend",
                metadata: [
                    "parameter": "\(parameters.backend)", "backend": "\(secrets.backend?.rawValue ?? "unknown")",
                    "code": "\(failure.code)", "why": "\(failure.description)",
                ])
        }
    }

    private func applyKept(_ look: KeptWord.Look) {
        let (event, isDenied) = state.withLock { ($0.kept.take(look), $0.kept.isDeniedFromTheStart) }
        switch event {
        case .nothing: break
        case .follow: reloads.recordSuccess(Self.keptName, isChange: true)
        case .recovered:
            reloads.recordSuccess(Self.keptName, isChange: false)
            log.notice(
                "the parameter that lists the kept secrets is followed again",
                metadata: ["parameter": "\(parameters.kept)"])
        case .failing(let failure):
            reloads.recordFailure(Self.keptName, code: failure.code, degrades: !isDenied)
            // A store that gives no answer is told as such, and with `auto` by the backend's line.
            let isOutage = if case .unread = failure { true } else { false }
            let list = "the parameter that lists the kept secrets"
            let what =
                isDenied
                ? "\(list) may not be read; no secret is kept" : "\(list) cannot be followed; keeping the current list"
            log.log(
                level: isOutage ? .info : .warning, "\(what)",
                metadata: [
                    "parameter": "\(parameters.kept)", "code": "\(failure.code)", "why": "\(failure.description)",
                ])
        }
    }

    /// Lets callers know why they cannot be served, where nothing is in force yet.
    private func reportUnknown() {
        guard secrets.places == nil else { return }
        let (word, kept) = state.withLock { ($0.word.failure, $0.kept.failure) }
        if let word {
            secrets.backendIsUnknown(word.unknown, isFinal: word.needsOperator)
        } else if fixed != nil, let kept {
            secrets.keptIsUnread("could not be read [\(kept.code)]")
        }
    }

    private func warm(_ places: SecretPlaces) async {
        await secrets.warm(places, deadline: time.now().monotonic + Self.maxWarmTime)
    }

    /// - Parameter isRead: what memory has was read ahead already.
    private func follow(_ places: SecretPlaces, isRead: Bool) async {
        let last = secrets.places
        if !isRead, last != nil { await warm(places) }
        secrets.follow(places)
        if let last, last.backend == places.backend {
            log.notice("other secrets are kept in Secrets Manager", metadata: ["kept": "\(places.kept.count)"])
        } else if fixed == nil || !places.kept.isEmpty {
            log.notice(
                "another backend is in force",
                metadata: [
                    "backend": "\(places.backend.rawValue)", "before": "\(last?.backend.rawValue ?? "unknown")",
                    "kept": "\(places.kept.count)",
                ])
        }
    }
}
