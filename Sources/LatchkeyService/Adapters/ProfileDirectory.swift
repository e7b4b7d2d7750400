internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeySettings

/// Which token profile an audience belongs to.
struct ProfileDirectory: Sendable {
    let settings: Settings
    let profiles: LiveProfiles
    let names: ProfileNames
    let files: FollowedFiles
    let secrets: SecretBroker

    /// The profile whose audience this is: the default one without an audience, none for an audience nobody has. Where
    /// several have it, the first in the order of settings.
    ///
    /// An audience that a profile leaves to `AUTH0_AUDIENCE` is that setting as it stands now, else the field of that
    /// name in the blob, by way of the secret cache.
    ///
    /// - Throws: why the blob could not be read by the deadline.
    func profile(
        forAudience audience: String?, deadline: MonotonicTime
    ) async throws(UpstreamFault) -> ProfileID? {
        // Whoever is found by a list that is older than these is known to be outdated by its epoch.
        let (names, definitions) = (names.entries, profiles.listed.map(\.definition))
        let id = { (profile: ProfileDefinition) in names.first { $0.name == profile.name }?.id }
        guard let audience else { return names.first?.id }
        let given = definitions.first { profile in
            if case .given(let own) = profile.audience { own.hasSameBytes(as: audience) } else { false }
        }
        // A profile that names the audience itself needs no look at the blob.
        if let given { return id(given) }
        guard let setting = definitions.first(where: { $0.audience == .setting }).flatMap(id) else { return nil }
        return try await settingAudience(deadline)?.hasSameBytes(as: audience) == true ? setting : nil
    }

    private func settingAudience(_ deadline: MonotonicTime) async throws(UpstreamFault) -> String? {
        let name = SettingName.auth0Audience
        if let given = files.current(name, of: settings) { return given }
        guard let key = SecretKey(name.rawValue) else { return nil }
        do throws(UpstreamFault) {
            return try await secrets.secret(SecretQuery(key), deadline: deadline).entry.value.revealText()
        } catch {
            if error.reason == .notFound { return nil }
            throw error
        }
    }
}
