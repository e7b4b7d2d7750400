internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeySettings
internal import LatchkeyUpstream

extension Settings {
    /// The fields that the default profile needs from the blob, because no setting has them.
    var fieldsNeededFromBlob: [String] {
        guard let profile = profiles.first, profile.kind == .auth0 else { return [] }
        var names: [SettingName] = []
        if profile.endpoint == nil, tokenEndpoint == nil { names.append(.auth0Domain) }
        if profile.clientID == nil { names.append(.auth0ClientID) }
        if profile.clientSecret == nil { names.append(.auth0ClientSecret) }
        if profile.audience == .setting { names.append(.auth0Audience) }
        return names.filter { sources.given[$0] == nil }.map(\.rawValue)
    }

    /// The finding about a missing blob. Keys are then separate parameters, which is only a problem if the default
    /// profile needs fields.
    func missingBlob(_ name: String) -> Finding {
        let wanted = fieldsNeededFromBlob
        guard !wanted.isEmpty else {
            return .fine(.blob, name, "does not exist: each key is a separate parameter or secret")
        }
        guard backend == .parameterStore || backend == .secretsManager else {
            return .warning(
                .blob, name, "does not exist, and brokers with the backend \(backend.rawValue) read both stores",
                remedy:
                    "expected before a migration; otherwise run latchkey migrate copy --filter-prefix "
                    + "\(prefix.dropFirst())/, which copies what is missing")
        }
        return .problem(
            exit: .configuration, .blob, name,
            "does not exist, but must have \(wanted.joined(separator: ", "))",
            remedy: "write it: latchkey put secrets --file blob.json; or check LATCHKEY_PREFIX and AWS_REGION")
    }
}
