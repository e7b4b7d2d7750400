internal import LatchkeyAPI
internal import LatchkeyBroker
internal import LatchkeyCrypto
internal import LatchkeyMetrics
internal import LatchkeySettings
internal import Synchronization

/// Follows the file that `LATCHKEY_API_KEY` is read from. A new key is accepted within a second, and the previous key
/// stays valid until the next change, so that callers can switch one by one.
final class APIKeyFollower: Sendable {
    private struct State: Sendable {
        var rotation: KeyRotation
        /// Nil if the key does not come from a file.
        var file: FollowedFile?
    }

    private static let name = SettingName.apiKey.rawValue

    private let keys: LiveKeys
    private let files: FollowedFiles
    private let isBeyondLoopback: Bool
    private let changed: @Sendable () -> Void
    private let state: Mutex<State>

    /// - Parameter changed: called when another key is accepted.
    init(
        _ settings: Settings, key: Secret, keys: LiveKeys, files: FollowedFiles,
        changed: @escaping @Sendable () -> Void = {}
    ) {
        self.keys = keys
        self.changed = changed
        self.files = files
        isBeyondLoopback = settings.isBeyondLoopback
        state = Mutex(State(rotation: KeyRotation(key)))
        follow(settings, key)
    }

    /// Accepts the key of other settings, and follows its file.
    func replace(with settings: Settings) throws(SettingsError) {
        guard let key = settings.apiKey else { throw SettingsError(lines: ["\(Self.name) is required"]) }
        files.betweenChecks {
            if let old = state.withLock({ $0.file }) { files.forget(old) }
            accept(key)
            follow(settings, key)
        }
    }

    private func follow(_ settings: Settings, _ key: Secret) {
        let file = settings.sources.given[.apiKey]?.readFrom.map(file)
        state.withLock { $0.file = file }
        if let file { files.follow(file, value: key) }
    }

    private func file(_ path: String) -> FollowedFile {
        var file = FollowedFile(.key, Self.name, path: path)
        let isBeyondLoopback = isBeyondLoopback
        file.validate = { key in
            KeyStrength.weakness(of: key, beyondLoopback: isBeyondLoopback).map { "\(Self.name) \($0)" }
        }
        file.onChange = { self.accept($0) }
        file.changeMessage = Self.changeMessage
        return file
    }

    static let changeMessage = "the API key has changed; the previous key stays valid until the next change"

    private func accept(_ key: Secret) {
        keys.replace(
            with: state.withLock { state in
                state.rotation.accept(key)
                return state.rotation.ring
            })
        changed()
    }
}
