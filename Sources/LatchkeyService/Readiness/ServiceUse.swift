internal import LatchkeyBroker
internal import LatchkeyMetrics
internal import LatchkeySettings

/// Which parts of the service are in use. A part that is neither configured nor requested is not probed and does not
/// affect health.
package struct ServiceUse: Sendable {
    let settings: Settings
    let profiles: LiveProfiles
    let secrets: SecretBroker

    /// The parts in use at one moment.
    package struct Parts: Sendable {
        /// Whether secrets are used: settings prefetch some, a caller has asked for one, tokens need them, or nothing
        /// else is configured.
        var secrets = false
        /// Whether a profile is configured.
        package var tokens = false
        /// The stores that hold secrets.
        var stores: [Tier] = []
        /// The tier where replicas share tokens.
        var shared: Tier?
        /// The kinds of issuer of the configured profiles.
        var issuers: [Tier] = []

        /// All of them, nearest first.
        var tiers: [Tier] {
            [.parameterStore, .dynamodb, .secretsManager].filter { $0 == shared || stores.contains($0) } + issuers
        }
    }

    /// The parts in use now.
    package var parts: Parts {
        let configured = profiles.active.map(\.definition).filter { isConfigured($0) }
        var parts = Parts()
        parts.secrets =
            !settings.prefetch.isEmpty || settings.backend == .auto || secrets.wasRequested || configured.isEmpty
            || configured.contains { needsSecrets($0) }
        if parts.secrets {
            parts.stores = settings.backend.stores.map(\.tier)
            if secrets.routing?.kept.isEmpty == false { parts.stores.append(.secretsManager) }
        }
        guard !configured.isEmpty else { return parts }
        parts.tokens = true
        parts.shared = settings.sharedTier.tier
        parts.issuers = [.auth0, .oauth2].filter { tier in configured.contains { $0.tier == tier } }
        return parts
    }

    /// ``ProfileDefinition/defaultProfile`` always exists. It counts as configured if one of its values is in the settings or
    /// in the blob.
    private func isConfigured(_ definition: ProfileDefinition) -> Bool {
        if definition != .defaultProfile || settings.tokenEndpoint != nil { return true }
        let names = definition.settingsNeeded(settings)
        return names.contains { isGiven($0) } || secrets.blobHas(anyOf: names.map(\.rawValue))
    }

    private func needsSecrets(_ definition: ProfileDefinition) -> Bool {
        for case .secret? in [definition.clientID, definition.clientSecret] { return true }
        return !definition.settingsNeeded(settings).allSatisfy { isGiven($0) }
    }

    private func isGiven(_ name: SettingName) -> Bool { settings.sources.given[name] != nil }
}

extension ProfileDefinition {
    /// The settings that replace what the profile does not state itself. If they are not set, the blob is searched.
    fileprivate func settingsNeeded(_ settings: Settings) -> [SettingName] {
        var names: [SettingName] = []
        if endpoint == nil, settings.tokenEndpoint == nil { names.append(.auth0Domain) }
        if clientID == nil { names.append(.auth0ClientID) }
        if clientSecret == nil { names.append(.auth0ClientSecret) }
        if audience == .setting { names.append(.auth0Audience) }
        return names
    }
}
