internal import LatchkeyAPI
internal import LatchkeyBroker
internal import LatchkeyCrypto
internal import LatchkeyMetrics
internal import LatchkeySettings
internal import Synchronization

/// All callers: the holder of `LATCHKEY_API_KEY` and those of the callers file. Each change takes effect at once.
final class CallerRegistry: Sendable {
    /// What has changed.
    enum Change: Sendable {
        /// `LATCHKEY_API_KEY`.
        case key
        /// The callers file, or a file that it names.
        case callers
    }

    private struct State: Sendable {
        /// Nil without `LATCHKEY_API_KEY`.
        var key: KeyRotation?
        /// Nil without a callers file.
        var file: CallersFile?
        /// The secrets for signatures, by the path of their file.
        var signingSecrets: [String: KeyRotation] = [:]
    }

    /// The callers as the routers see them.
    let live: LiveKeys
    private let metrics: Metrics
    private let state: Mutex<State>
    private let onChange: @Sendable (Change) -> Void

    /// - Parameters:
    ///   - live: has no callers yet.
    ///   - onChange: called after each change.
    init(
        _ settings: Settings, live: LiveKeys, metrics: Metrics, onChange: @escaping @Sendable (Change) -> Void
    ) {
        self.live = live
        self.metrics = metrics
        self.onChange = onChange
        state = Mutex(State(key: settings.apiKey.map { KeyRotation($0) }, file: settings.callers))
        state.withLock { live.replace(with: ring($0)) }
    }

    /// The digests of the accepted keys of `LATCHKEY_API_KEY`.
    var keyDigests: [Digest] { state.withLock { $0.key?.digests ?? [] } }

    /// The callers file in force.
    var file: CallersFile? { state.withLock { $0.file } }

    /// Accepts a key; nil if there is none any more.
    func accept(key: Secret?) {
        change(.key) { state in
            guard let key else { return state.key = nil }
            if state.key == nil { state.key = KeyRotation(key) } else { state.key?.accept(key) }
        }
    }

    /// Uses another callers file.
    func use(_ file: CallersFile?) {
        change(.callers) { state in
            state.file = file
            let paths = Set(file?.callers.compactMap(\.signingSecretPath) ?? [])
            state.signingSecrets = state.signingSecrets.filter { paths.contains($0.key) }
        }
    }

    /// Accepts a secret for signatures. The one before it stays accepted until the next change.
    func accept(signingSecret: Secret, at path: String) {
        change(.callers) { state in
            if state.signingSecrets[path] == nil {
                state.signingSecrets[path] = KeyRotation(signingSecret)
            } else {
                state.signingSecrets[path]?.accept(signingSecret)
            }
        }
    }

    private func change(_ change: Change, _ body: (inout State) -> Void) {
        state.withLock { state in
            body(&state)
            // Inside the lock, so that changes take effect in their order.
            live.replace(with: ring(state))
        }
        onChange(change)
    }

    private func ring(_ state: State) -> KeyRing {
        let definitions = state.file?.callers ?? []
        let ids = (state.key == nil ? [] : [Caller.defaultID]) + definitions.map(\.caller.id)
        var labels = metrics.callers(ids).map { UInt8(truncatingIfNeeded: $0) }[...]
        var entries: [KeyRing.Entry] = []
        if let key = state.key { entries.append(.default(key.accepted, label: labels.popFirst() ?? 0)) }
        for definition in definitions {
            var credentials = definition.credentials
            credentials.signingSecrets =
                definition.signingSecretPath.flatMap { state.signingSecrets[$0]?.accepted } ?? []
            entries.append(KeyRing.Entry(definition.caller, credentials, label: labels.popFirst() ?? 0))
        }
        return KeyRing(entries, mode: state.file?.mode ?? .enforce, after: live.current)
    }
}
