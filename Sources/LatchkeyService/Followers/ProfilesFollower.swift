internal import LatchkeyConfine
internal import LatchkeySettings
internal import Synchronization

/// Follows the file of `LATCHKEY_PROFILES_FILE`.
final class ProfilesFollower: Sendable {
    private let files: FollowedFiles
    private let scope: FileScope
    private let apply: @Sendable ([ProfileDefinition]) -> Void
    private let file: Mutex<FollowedFile?>

    /// - Parameters:
    ///   - scope: the files that this process can read.
    ///   - apply: applies the profiles of a valid file. Calls do not overlap.
    init(
        _ settings: Settings, scope: FileScope, files: FollowedFiles,
        apply: @escaping @Sendable ([ProfileDefinition]) -> Void
    ) {
        self.files = files
        self.scope = scope
        self.apply = apply
        file = Mutex(nil)
        follow(settings)
    }

    /// Applies the profiles of other settings, and follows their file.
    func replace(with settings: Settings) {
        files.betweenChecks {
            if let old = file.withLock({ $0 }) { files.forget(old) }
            apply(settings.profiles)
            follow(settings)
        }
    }

    private func follow(_ settings: Settings) {
        let next = FollowedSettings.profiles(settings, scope: scope, changed: apply)
        file.withLock { $0 = next }
        if let next { files.follow(next, value: settings.profilesText) }
    }
}
