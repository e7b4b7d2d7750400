internal import LatchkeyConfine
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyLog
internal import LatchkeyMetrics
internal import LatchkeySettings
internal import LatchkeyUpstream

/// Selects the files that a running broker follows.
enum FollowedSettings {
    /// Settings whose value is read for each token request.
    private static let credentialSettings: [SettingName] = [
        .auth0Domain, .auth0ClientID, .auth0ClientSecret, .auth0Audience,
    ]

    /// The files with credentials of issuers: those of the `AUTH0_*` settings and those of the profiles.
    static func credentials(_ settings: Settings) -> [FollowedFile] {
        let ours = credentialSettings.compactMap { name in
            settings.sources.given[name]?.readFrom.map { FollowedFile(.credentials, name.rawValue, path: $0) }
        }
        return ours + settings.profiles.flatMap(credentials)
    }

    /// The files with a profile's credentials.
    static func credentials(_ profile: ProfileDefinition) -> [FollowedFile] {
        [("client_id", profile.clientID), ("client_secret", profile.clientSecret)].compactMap { member, credential in
            guard case .file(let path) = credential else { return nil }
            var file = FollowedFile(.credentials, "profile \(profile.name): \(member)", path: path)
            if member == "client_secret", case .privateKeyJWT(_) = profile.clientAuthentication {
                file.validate = keyProblem
                file.purpose = "key"
            }
            return file
        }
    }

    /// The profiles file; nil if there is none.
    ///
    /// - Parameters:
    ///   - scope: the files that this process can read. A profile that names another file makes the file invalid.
    ///   - changed: applies the profiles of a valid file.
    static func profiles(
        _ settings: Settings, scope: FileScope = .everything, changed: @escaping @Sendable ([ProfileDefinition]) -> Void
    ) -> FollowedFile? {
        guard let path = settings.profilesPath else { return nil }
        var file = FollowedFile(.profiles, SettingName.profilesFile.rawValue, path: path)
        file.limit = ProfilesFile.maxFileBytes
        file.validate = {
            let file = ProfilesFile($0.revealText() ?? "")
            return file.problems.first ?? outside(file.profiles, scope)
        }
        file.onChange = { changed(ProfilesFile($0.revealText() ?? "").profiles) }
        file.changeEvent = .profilesChanged
        file.changeMessage = profilesChangeMessage
        return file
    }

    static let profilesChangeMessage = "the profiles have changed; those of the file are in force"

    /// The settings file; nil if there is none, or if it is a pipe, which cannot be read again.
    ///
    /// - Parameter changed: called when the file has changed or can be used again.
    static func settingsFile(_ settings: Settings, changed: @escaping @Sendable () -> Void) -> FollowedFile? {
        guard let path = settings.sources.settingsFile, !SmallFile.isStream(path) else { return nil }
        var file = FollowedFile(.settings, SettingName.config.rawValue, path: path)
        file.limit = SmallFile.maxBytes
        file.validate = { SettingSources.problem(ofFile: $0.revealText() ?? "") }
        file.onChange = { _ in changed() }
        file.onRecovery = changed
        file.changeEvent = .settingsFileChanged
        file.changeMessage = "the settings file has changed"
        return file
    }

    /// The problem of profiles that name a file which this process can never read; nil if there is none.
    private static func outside(_ profiles: [ProfileDefinition], _ scope: FileScope) -> String? {
        for profile in profiles {
            for path in profile.files where scope.excludes(path) {
                return "profile \(profile.name) names \(path): \(FileError.outsideConfinement)"
            }
        }
        return nil
    }

    /// The files of settings that are read only at startup. They are followed to report that a change needs a restart,
    /// or that a restart would fail.
    static func readAtStart(_ settings: Settings) -> [FollowedFile] {
        let others = SettingName.allCases.filter { $0 != .apiKey && !credentialSettings.contains($0) }
        var files = others.compactMap { name in
            settings.sources.given[name]?.readFrom.map { FollowedFile(.settings, name.rawValue, path: $0) }
        }
        for index in files.indices {
            files[index].changeEvent = .restartNeeded
            files[index].changeMessage = "a file has changed that is read at start: restart to use it"
        }
        return files
    }

    /// Why a PEM text is not a key for `private_key_jwt`.
    private static let keyProblem: @Sendable (Secret) -> String? = { pem in
        do throws(AssertionKeyError) {
            _ = try AssertionKey(pem: pem)
            return nil
        } catch {
            return "\(error)"
        }
    }
}
