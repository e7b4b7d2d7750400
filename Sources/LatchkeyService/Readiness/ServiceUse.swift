internal import LatchkeyBroker
internal import LatchkeyMetrics
internal import LatchkeySettings

/// What of the service is in use: what is not configured and not asked for is not looked at, and says nothing about
/// health.
package struct ServiceUse: Sendable {
    let settings: Settings
    let profiles: LiveProfiles
    let secrets: SecretBroker

    /// What is in use at one moment.
    package struct Parts: Sendable {
        /// Settings want secrets at hand, a caller has asked for one, tokens need them, or the broker has no other purpose.
        var secrets = false
        /// A profile is configured.
        package var tokens = false
        /// The stores of secrets.
        var stores: [Tier] = []
        /// Where replicas share tokens.
        var shared: Tier?
        /// The kinds of issuer that the configured profiles have.
        var issuers: [Tier] = []

        /// All of them, nearest first.
        var tiers: [Tier] {
            [.parameterStore, .dynamodb, .secretsManager].filter { $0 == shared || stores.contains($0) } + issuers
        }
    }

    /// What is in use now.
    package var parts: Parts {
        let configured = profiles.listed.map(\.definition).filter { isConfigured($0) }
        var parts = Parts()
        parts.secrets =
            !settings.prefetch.isEmpty || settings.backend == .auto || secrets.isAsked || configured.isEmpty
            || configured.contains { needsSecrets($0) }
        if parts.secrets {
            parts.stores = settings.backend.stores.map(\.tier)
            if secrets.places?.kept.isEmpty == false { parts.stores.append(.secretsManager) }
        }
        guard !configured.isEmpty else { return parts }
        parts.tokens = true
        parts.shared = settings.sharedTier.tier
        parts.issuers = [.auth0, .oauth2].filter { tier in configured.contains { $0.tier == tier } }
        return parts
    }

    /// ``ProfileDefinition/defaultProfile`` is there in any case. One of its values in the settings or in the blob configures
    /// it.
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
    /// The settings that stand for what the profile does not say itself; what they do not give is looked for in the blob.
    fileprivate func settingsNeeded(_ settings: Settings) -> [SettingName] {
        var names: [SettingName] = []
        if endpoint == nil, settings.tokenEndpoint == nil { names.append(.auth0Domain) }
        if clientID == nil { names.append(.auth0ClientID) }
        if clientSecret == nil { names.append(.auth0ClientSecret) }
        if audience == .setting { names.append(.auth0Audience) }
        return names
    }
}
