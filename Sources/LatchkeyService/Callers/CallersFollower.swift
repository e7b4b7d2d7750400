internal import LatchkeyBroker
internal import LatchkeyConfine
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyLog
internal import LatchkeyMetrics
internal import LatchkeySettings
internal import Synchronization

/// Follows the file of `LATCHKEY_CALLERS_FILE`, the files with the secrets for signatures that it names, and
/// the key sets of its issuers.
final class CallersFollower: Sendable {
    private struct State: Sendable {
        var file: FollowedFile?
        var secrets: [FollowedFile] = []
    }

    private let files: FollowedFiles
    private let scope: FileScope
    private let registry: CallerRegistry
    private let keySets: KeySets
    private let state = Mutex(State())

    /// - Parameter scope: the files that this process can read.
    init(
        _ settings: Settings, scope: FileScope, registry: CallerRegistry, keySets: KeySets, files: FollowedFiles
    ) {
        self.files = files
        self.scope = scope
        self.registry = registry
        self.keySets = keySets
        follow(settings)
        keySets.replace(with: settings.callers?.issuers ?? [])
        followSecrets(of: settings.callers)
    }

    /// Uses the callers of other settings, and follows their file.
    /// - Throws: why the file cannot be used together with the key.
    func replace(with settings: Settings) throws(SettingsError) {
        // Key and callers file must not change between the comparison and the replacement.
        try files.betweenChecks { () throws(SettingsError) in
            if let problem = settings.callers?.conflict(withKeys: registry.keyDigests) {
                throw SettingsError(lines: ["\(SettingName.callersFile.rawValue): \(problem)"])
            }
            if let old = state.withLock({ $0.file }) { files.forget(old) }
            use(settings.callers)
            follow(settings)
        }
    }

    private func follow(_ settings: Settings) {
        let next = settings.callersPath.map(file)
        state.withLock { $0.file = next }
        if let next { files.follow(next, value: settings.callersText) }
    }

    private func file(_ path: String) -> FollowedFile {
        var file = FollowedFile(.callers, SettingName.callersFile.rawValue, path: path)
        file.limit = CallersFile.Limits.fileBytes
        file.validate = { [registry, scope] text in
            let file = CallersFile(text.revealText() ?? "")
            if let problem = file.problems.first ?? file.conflict(withKeys: registry.keyDigests) { return problem }
            let excluded = file.files.first { scope.excludes($0) }
            return excluded.map { "names \($0): \(FileError.outsideConfinement)" }
        }
        file.onChange = { [self] in use(CallersFile($0.revealText() ?? "")) }
        file.changeEvent = .callersChanged
        file.changeMessage = Self.changeMessage
        return file
    }

    static let changeMessage = "the callers have changed; those of the file are in force"

    /// The files with secrets and the key sets are read before the callers can use them.
    private func use(_ callers: CallersFile?) {
        keySets.replace(with: callers?.issuers ?? [])
        followSecrets(of: callers)
        registry.use(callers)
    }

    private func followSecrets(of callers: CallersFile?) {
        let next = (callers?.callers ?? []).compactMap { caller in caller.signingSecretPath.map { file(of: caller, $0) }
        }
        let old = state.withLock { state in
            defer { state.secrets = next }
            return state.secrets
        }
        for file in next where !old.contains(where: { $0.isSame(as: file) }) { files.follow(file) }
        for file in old where !next.contains(where: { $0.isSame(as: file) }) { files.forget(file) }
        acceptSecrets(of: callers)
    }

    private func acceptSecrets(of callers: CallersFile?) {
        for path in Set(callers?.callers.compactMap(\.signingSecretPath) ?? []) {
            if let secret = files.value(at: path), KeyStrength.weakness(of: secret, beyondLoopback: false) == nil {
                registry.accept(signingSecret: secret, at: path)
            }
        }
    }

    private func file(of caller: CallerDefinition, _ path: String) -> FollowedFile {
        var file = FollowedFile(.callers, "caller \(caller.caller.id): sigv4_secret", path: path)
        file.validate = { secret in
            KeyStrength.weakness(of: secret, beyondLoopback: false).map { "sigv4_secret \($0)" }
        }
        file.onChange = { [registry] in registry.accept(signingSecret: $0, at: path) }
        file.changeEvent = .signingSecretChanged
        file.changeMessage =
            "a caller's secret for signatures has changed; the previous one stays valid until the next change"
        return file
    }
}
