internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMetrics
internal import LatchkeySettings
internal import LatchkeyUpstream
internal import Logging
internal import Synchronization

/// Follows the parameter `<prefix>/latchkey/backend` (backend `auto`): a cut-over of the fleet, and its way back, is one
/// write and no deploy. What a look means is decided by ``BackendWord``.
final class BackendFollower: Sendable {
    /// Between two looks. With ``spread``, ``longestLook`` and ``warming`` it stays under the 30 s in which a broker is
    /// to notice.
    static let interval: Duration = .seconds(10)
    /// How much shorter or longer a pause may be, so that replicas started together do not ask together.
    static let spread = 0.2
    /// The longest one look may take; less where `LATCHKEY_UPSTREAM_TIMEOUT` is.
    static let longestLook: Duration = .seconds(5)
    /// Between two looks while nobody knows yet where secrets are read.
    static let firstInterval: Duration = .seconds(1)
    /// The longest that the other store is read ahead before it is in force.
    static let warming: Duration = .seconds(12)
    /// What `/health` calls it.
    static let name = SettingName.secretsBackend.rawValue

    private let store: ParameterStore
    private let parameter: String
    private let secrets: SecretBroker
    private let reloads: ReloadHealth
    private let timeout: Duration
    private let time: TimeSource
    private let log: Logger
    private let word = Mutex(BackendWord())

    init(
        store: ParameterStore, prefix: String, secrets: SecretBroker, reloads: ReloadHealth, timeout: Duration,
        time: TimeSource, log: Logger
    ) {
        self.store = store
        parameter = Self.parameter(below: prefix)
        self.secrets = secrets
        self.reloads = reloads
        self.timeout = timeout
        self.time = time
        self.log = log
        reloads.follow(Self.name, .backend, source: parameter)
    }

    /// The parameter that names the backend.
    static func parameter(below prefix: String) -> String { "\(prefix)/latchkey/backend" }

    /// Runs until the task is cancelled.
    ///
    /// - Parameter first: a look that was begun before.
    func run(after first: Task<Void, Never>) async {
        await first.value
        while !Task.isCancelled {
            let interval = secrets.backend == nil ? Self.firstInterval : Self.interval
            try? await Task.sleep(for: interval * Double.random(in: (1 - Self.spread)..<(1 + Self.spread)))
            if Task.isCancelled { return }
            await look()
        }
    }

    /// Reads the parameter once, for a command that does not run on.
    ///
    /// - Returns: why the backend is not known; nil where it is.
    func readOnce() async -> UpstreamFault? {
        await look()
        guard let failure = word.withLock({ $0.failure }) else { return nil }
        secrets.backendIsUnknown(failure.unknown, isFinal: true)
        switch failure {
        case .unread(let fault): return fault
        case .gone, .unknownWord:
            return UpstreamFault(.notReady, upstream: .parameterStore, code: failure.code, subject: parameter)
        }
    }

    /// Reads the parameter once and follows what it says. Where it cannot be followed, what was in force stays so.
    func look() async {
        let look = await read()
        let event = word.withLock { $0.take(look) }
        switch event {
        case .nothing: break
        case .follow(let backend):
            await follow(backend)
            reloads.read(Self.name, isChange: true)
        case .recovered:
            reloads.read(Self.name, isChange: false)
            log.notice(
                "the parameter that names the backend is followed again",
                metadata: ["parameter": "\(parameter)", "backend": "\(secrets.backend?.rawValue ?? "unknown")"])
        case .failing(let failure): tell(failure)
        }
        if secrets.backend == nil, let failure = word.withLock({ $0.failure }) {
            secrets.backendIsUnknown(failure.unknown, isFinal: failure.needsSomebody)
        }
    }

    private func read() async -> BackendWord.Look {
        do throws(AWSError) {
            let deadline = time.now().monotonic + min(timeout, Self.longestLook)
            // What is not text is no backend's name either.
            return .word(try await store.get(parameter, deadline: deadline).value.revealText() ?? "")
        } catch  where error.kind == .notFound {
            return .absent
        } catch {
            var fault = UpstreamFault(error, from: .parameterStore)
            fault.subject = parameter
            return .unread(fault)
        }
    }

    private func tell(_ failure: BackendWord.Failure) {
        reloads.failing(Self.name, code: failure.code)
        log.warning(
            "the parameter that names the backend cannot be followed; keeping the current backend",
            metadata: [
                "parameter": "\(parameter)", "backend": "\(secrets.backend?.rawValue ?? "unknown")",
                "code": "\(failure.code)", "why": "\(failure.description)",
            ])
    }

    private func follow(_ backend: SecretBackend) async {
        let last = secrets.backend
        guard backend != last else { return }
        if let last, last.store != backend.store {
            await secrets.warm(backend.store, deadline: time.now().monotonic + Self.warming)
        }
        secrets.follow(backend)
        log.notice(
            "another backend is in force",
            metadata: ["backend": "\(backend.rawValue)", "before": "\(last?.rawValue ?? "unknown")"])
    }
}

extension BackendWord.Failure {
    /// Ends the sentence "the secrets backend is unknown: <parameter> …".
    fileprivate var unknown: String {
        switch self {
        case .gone: "is gone"
        case .unknownWord: "does not hold the name of a backend"
        case .unread(let fault): "could not be read [\(fault.summary)]"
        }
    }

    /// Whether the next look gives the same unless somebody acts.
    fileprivate var needsSomebody: Bool {
        switch self {
        case .gone, .unknownWord: true
        case .unread(let fault): !fault.mayPass
        }
    }
}
