internal import LatchkeyAPI
internal import LatchkeyBroker
internal import LatchkeyCrypto
internal import LatchkeyMetrics
internal import LatchkeySettings
internal import Synchronization

/// Follows the file that `LATCHKEY_API_KEY` is read from: a new key is in force within a second, and the one before it
/// stays good until the next change, so that callers can follow at their own pace.
enum APIKeyFollower {
    /// The key's file; nil where the key comes from no file.
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
        file.changeMessage = "the key has changed; the one before it stays good until the next change"
        return file
    }

    /// The keys in force, shared by the looks.
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
