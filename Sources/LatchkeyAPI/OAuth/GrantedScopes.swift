internal import LatchkeyBroker

/// One worker's scopes of the current tokens, by profile. Each token is read once per worker.
struct GrantedScopes {
    private var scopes: [(version: UInt64, scope: GrantedScope)?] = []

    mutating func scope(_ profile: ProfileID, _ entry: TokenEntry) -> GrantedScope {
        while scopes.count <= profile.index { scopes.append(nil) }
        if let known = scopes[profile.index], known.version == entry.version { return known.scope }
        let scope = GrantedScope(issuerScope: entry.token.scope, token: entry.token.value)
        scopes[profile.index] = (entry.version, scope)
        return scope
    }
}
