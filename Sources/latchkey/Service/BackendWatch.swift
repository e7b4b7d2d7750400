internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyUpstream
internal import Logging

/// Follows the parameter `<prefix>/latchkey/backend` (backend `auto`): a cut-over of the fleet, and its way back, is one
/// write and no deploy.
struct BackendWatch: Sendable {
    /// Between two looks. With ``warming`` it stays under the 30 s in which a broker is to notice.
    static let interval: Duration = .seconds(10)
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

    /// `<prefix>/latchkey/backend` (contract §5).
    private var parameter: String { "\(prefix)/latchkey/backend" }

    /// Runs until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            await look()
            let interval = secrets.backend == nil ? Self.firstInterval : Self.interval
            try? await Task.sleep(for: interval * Double.random(in: 0.8..<1.2))
        }
    }

    /// Reads the parameter once and follows what it says. Where it cannot be read, what was in force stays so.
    func look() async {
        let said: String?
        do throws(AWSError) {
            said = try await store.get(parameter, deadline: time.now().monotonic + timeout).value.revealText()
        } catch  where error.kind == .notFound {
            said = nil
        } catch {
            return log.log(
                level: secrets.backend == nil ? .warning : .debug,
                "the parameter that names the backend cannot be read",
                metadata: ["parameter": "\(parameter)", "code": "\(error.code ?? "\(error.kind)")"])
        }
        guard let backend = said.map({ SecretBackend(rawValue: $0.trimmed) }) ?? Self.standard else {
            let kept = secrets.backend?.rawValue ?? "none"
            return log.warning(
                "the parameter that names the backend says nothing that is one; the last one stays in force",
                metadata: ["parameter": "\(parameter)", "in_force": "\(kept)"])
        }
        await follow(backend)
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
