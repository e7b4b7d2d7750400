internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeySettings

/// Finds the token profile of an audience.
struct ProfileDirectory: Sendable {
    let settings: Settings
    let profiles: LiveProfiles
    let names: ProfileNames
    let files: FollowedFiles
    let secrets: SecretBroker

    /// The profile with this audience; the default profile for nil, and nil if none of the profiles of `grant` has it. If
    /// several have it, the first in the order of the settings. The others are not looked at, so that the time taken does
    /// not depend on them.
    ///
    /// A profile without an audience uses the current value of `AUTH0_AUDIENCE`, or else the field of that name in the
    /// blob, read through the secret cache.
    ///
    /// - Throws: the fault if the blob could not be read by the deadline.
    func profile(
        forAudience audience: String?, among grant: ProfileGrant = .all, deadline: MonotonicTime
    ) async throws(UpstreamFault) -> ProfileID? {
        // If the profiles change during the lookup, the epoch of the id shows that it is outdated.
        let (names, definitions) = (names.entries, profiles.active.map(\.definition).filter { grant.contains($0.name) })
        let id = { (profile: ProfileDefinition) in names.first { $0.name == profile.name }?.id }
        guard let audience else { return names.first?.id }
        let given = definitions.first { profile in
            if case .given(let own) = profile.audience { own.hasSameBytes(as: audience) } else { false }
        }
        // A profile that states the audience itself needs no read of the blob.
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
