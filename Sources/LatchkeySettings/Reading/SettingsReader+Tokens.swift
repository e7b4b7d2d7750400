internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyUpstream

extension SettingsReader {
    /// Reads where tokens come from, how they are shared, and how many may be issued.
    mutating func readTokens(_ settings: inout Settings) {
        settings.tokenExpiryBuffer = seconds(.tokenExpiryBuffer)
        if let tier = text(.sharedTier).flatMap({ Settings.SharedTierChoice($0) }) {
            settings.sharedTier = tier
        } else {
            reject(.sharedTier, "must be parameter-store, dynamodb:<table> or none")
        }
        settings.tokenParameterTier = tokenParameterTier()
        settings.tokenKMSKey = tokenKMSKey()
        settings.upstreamTimeout = seconds(.upstreamTimeout)
        settings.issueBudget = number(.issueBudget) ?? 1
        // Only checked here. The domain may also come from the blob.
        _ = tokenEndpoint(.auth0Domain) { domain throws(TokenEndpoint.Rejection) in
            try TokenEndpoint.auth0(domain: domain)
        }
        settings.tokenEndpoint = tokenEndpoint(.auth0TokenURL) { url throws(TokenEndpoint.Rejection) in
            try TokenEndpoint(url)
        }
    }

    private mutating func tokenParameterTier() -> ParameterTierChoice {
        let choices: [ParameterTierChoice] = [.standard, .advanced, .intelligentTiering]
        guard let text = text(.tokenParameterTier) else { return .standard }
        if let choice = choices.first(where: { $0.rawValue.hasSameBytes(as: text) }) { return choice }
        reject(.tokenParameterTier, "must be one of \(choices.map(\.rawValue).joined(separator: ", "))")
        return .standard
    }

    private mutating func tokenKMSKey() -> String? {
        guard let text = text(.tokenKMSKey) else { return nil }
        if ParameterWrite.isKeyID(text) { return text }
        reject(.tokenKMSKey, "must be a KMS key's ID, ARN or alias, such as alias/orders")
        return nil
    }

    /// Reads the profiles file.
    mutating func readProfiles(_ settings: inout Settings, _ readFile: (String) -> String?) {
        guard let path = text(.profilesFile) else { return }
        guard let content = readFile(path) else { return reject(.profilesFile, SettingSources.unreadable(path)) }
        let file = ProfilesFile(content)
        for problem in file.problems { reject(.profilesFile, problem) }
        settings.profiles = file.profiles
        settings.profilesPath = path
        settings.profilesText = Secret(FileReader.withoutLineEnd(Array(content.utf8)))
    }
}
