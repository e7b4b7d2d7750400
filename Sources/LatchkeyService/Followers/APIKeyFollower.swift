internal import LatchkeyAPI
internal import LatchkeyBroker
internal import LatchkeyCrypto
internal import LatchkeyMetrics
internal import LatchkeySettings
internal import Synchronization

/// Follows the file that `LATCHKEY_API_KEY` is read from. A new key is accepted within a second, and the previous key
/// stays valid until the next change, so that callers can switch one by one.
enum APIKeyFollower {
    /// The key's file; nil if the key does not come from a file.
    static func file(_ settings: Settings, keys: LiveKeys) -> FollowedFile? {
        guard let path = settings.sources.given[.apiKey]?.readFrom, let key = settings.apiKey else { return nil }
        let name = SettingName.apiKey.rawValue
        let isBeyondLoopback = settings.isBeyondLoopback
        let rotation = Rotation(key)
        var file = FollowedFile(.key, name, path: path)
        file.validate = { key in
            KeyStrength.weakness(of: key, beyondLoopback: isBeyondLoopback).map { "\(name) \($0)" }
        }
        file.onChange = { keys.replace(with: rotation.accept($0)) }
        file.changeMessage = "the API key has changed; the previous key stays valid until the next change"
        return file
    }

    /// The accepted keys, shared by all checks of the file.
    private final class Rotation: Sendable {
        private let rotation: Mutex<KeyRotation>

        init(_ key: Secret) { rotation = Mutex(KeyRotation(key)) }

        func accept(_ key: Secret) -> KeyRing {
            rotation.withLock { rotation in
                rotation.accept(key)
                return rotation.ring
            }
        }
    }
}
