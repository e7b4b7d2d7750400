internal import LatchkeyAPI
internal import LatchkeyBroker
internal import LatchkeyCrypto
internal import LatchkeyLog
internal import LatchkeyMetrics
internal import LatchkeySettings
internal import Synchronization

/// Follows the file that `LATCHKEY_API_KEY` is read from. A new key is accepted within a second, and the previous key
/// stays valid until the next change, so that callers can switch one by one.
final class APIKeyFollower: Sendable {
    private struct State: Sendable {
        /// Nil if the key does not come from a file.
        var file: FollowedFile?
    }

    private static let name = SettingName.apiKey.rawValue

    private let registry: CallerRegistry
    private let files: FollowedFiles
    private let isBeyondLoopback: Bool
    private let state = Mutex(State())

    init(_ settings: Settings, registry: CallerRegistry, files: FollowedFiles) {
        self.registry = registry
        self.files = files
        isBeyondLoopback = settings.isBeyondLoopback
        follow(settings)
    }

    /// Accepts the key of other settings, and follows its file. With a callers file there may be none.
    func replace(with settings: Settings) throws(SettingsError) {
        // Key and callers file must not change between the comparison and the replacement.
        try files.betweenChecks { () throws(SettingsError) in
            if let key = settings.apiKey {
                if let why = conflict(key) { throw SettingsError(lines: ["\(Self.name) \(why)"]) }
            } else if registry.file == nil {
                throw SettingsError(lines: ["\(Self.name) is required"])
            }
            if let old = state.withLock({ $0.file }) { files.forget(old) }
            registry.accept(key: settings.apiKey)
            follow(settings)
        }
    }

    private func follow(_ settings: Settings) {
        let file = settings.sources.given[.apiKey]?.readFrom.map(file)
        state.withLock { $0.file = file }
        if let file, let key = settings.apiKey { files.follow(file, value: key) }
    }

    /// Why the key cannot be used together with the callers file; nil if it can.
    private func conflict(_ key: Secret) -> String? {
        let digest = key.withBytes { SHA256.hash($0) }
        guard let file = registry.file, file.conflict(withKeys: [digest]) != nil else { return nil }
        return "conflicts with the callers file: its digest or the id \(Caller.defaultID) is in it"
    }

    private func file(_ path: String) -> FollowedFile {
        var file = FollowedFile(.key, Self.name, path: path)
        let isBeyondLoopback = isBeyondLoopback
        file.validate = { key in
            let weakness = KeyStrength.weakness(of: key, beyondLoopback: isBeyondLoopback).map { "\($0)" }
            return (weakness ?? self.conflict(key)).map { "\(Self.name) \($0)" }
        }
        file.onChange = { self.registry.accept(key: $0) }
        file.changeEvent = .apiKeyChanged
        file.changeMessage = Self.changeMessage
        return file
    }

    static let changeMessage = "the API key has changed; the previous key stays valid until the next change"
}
