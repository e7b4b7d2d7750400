internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMetrics
internal import LatchkeyUpstream
internal import Logging

/// Follows the parameter `<prefix>/latchkey/backend` (backend `auto`): a cut-over of the fleet, and its way back, is one
/// write and no deploy.
struct BackendWatch: Sendable {
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
    /// Before anybody has written the parameter, the old store is the one that has everything.
    static let standard = SecretBackend.secretsManager

    let store: ParameterStore
    let prefix: String
    let secrets: SecretBroker
    let timeout: Duration
    let time: TimeSource
    let log: Logger

    /// What came of one look.
    enum Look: Sendable {
        case followed
        /// It says nothing that is a backend; its name is in the fault.
        case noBackend(UpstreamFault)
        /// It could not be read; its name is in the fault.
        case unread(UpstreamFault)

        /// Why the parameter was not followed.
        var fault: UpstreamFault? {
            switch self {
            case .followed: nil
            case .noBackend(let fault), .unread(let fault): fault
            }
        }
    }

    /// `<prefix>/latchkey/backend` (contract §5).
    private var parameter: String { "\(prefix)/latchkey/backend" }

    /// Runs until the task is cancelled.
    ///
    /// - Parameter first: a look that was begun before.
    func run(after first: Task<Look, Never>) async {
        var last = await first.value
        tell(last, after: .followed)
        while !Task.isCancelled {
            let interval = secrets.backend == nil ? Self.firstInterval : Self.interval
            try? await Task.sleep(for: interval * Double.random(in: (1 - Self.spread)..<(1 + Self.spread)))
            if Task.isCancelled { return }
            let look = await look()
            tell(look, after: last)
            last = look
        }
    }

    /// Reads the parameter once and follows what it says. Where it cannot be read, what was in force stays so.
    func look() async -> Look {
        let said: String?
        do throws(AWSError) {
            let deadline = time.now().monotonic + min(timeout, Self.longestLook)
            said = try await store.get(parameter, deadline: deadline).value.revealText()
        } catch  where error.kind == .notFound {
            said = nil
        } catch {
            var fault = UpstreamFault(error, from: .parameterStore)
            fault.subject = parameter
            return .unread(fault)
        }
        guard let backend = said.map({ SecretBackend(rawValue: $0.trimmed) }) ?? Self.standard else {
            return .noBackend(
                UpstreamFault(.notReady, upstream: .parameterStore, code: "names_no_backend", subject: parameter))
        }
        await follow(backend)
        return .followed
    }

    /// One line a change: a fleet that stops following says so, and says when it follows again.
    private func tell(_ look: Look, after last: Look) {
        guard look.fault?.summary != last.fault?.summary else { return }
        let metadata: Logger.Metadata = [
            "parameter": "\(parameter)", "in_force": "\(secrets.backend?.rawValue ?? "none")",
            "code": "\(look.fault?.summary ?? "none")",
        ]
        switch look {
        case .followed: log.notice("the parameter that names the backend is followed again", metadata: metadata)
        case .noBackend:
            log.warning(
                "the parameter that names the backend says nothing that is one; the last one stays in force",
                metadata: metadata)
        case .unread:
            log.warning(
                "the parameter that names the backend cannot be read; the last one stays in force", metadata: metadata)
        }
    }

    private func follow(_ backend: SecretBackend) async {
        let last = secrets.backend
        guard backend != last else { return }
        if let last, last.store != backend.store {
            await secrets.warm(backend.store, deadline: time.now().monotonic + Self.warming)
        }
        secrets.follow(backend)
        log.notice(
            "secrets are read elsewhere from now on",
            metadata: ["backend": "\(backend.rawValue)", "before": "\(last?.rawValue ?? "unknown")"])
    }
}

extension String {
    /// Without the white space that editors and shells leave around a value.
    fileprivate var trimmed: String {
        let end = { (character: Character) in character.isWhitespace }
        return String(self.drop(while: end).reversed().drop(while: end).reversed())
    }
}
