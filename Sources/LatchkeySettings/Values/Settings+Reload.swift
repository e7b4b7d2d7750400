extension Settings {
    /// Uses one part of other settings.
    package mutating func take(_ part: SettingsChange.Part, of other: Settings) {
        for name in part.names { sources.take(name, of: other.sources) }
        switch part {
        case .key: apiKey = other.apiKey
        case .callers:
            callers = other.callers
            callersPath = other.callersPath
            callersText = other.callersText
        case .profiles:
            profiles = other.profiles
            profilesPath = other.profilesPath
            profilesText = other.profilesText
        case .certificates: tls = other.tls
        case .logLevel: logLevel = other.logLevel
        }
    }

    /// Whether no file was written between two readings of the settings: `last` and this one.
    ///
    /// - Parameter inForce: the settings in force. The content of a file that they name too is followed anyway.
    package func isSettled(since last: Settings, inForce: Settings) -> Bool {
        guard SettingsChange(from: last, to: self).isEmpty, sources.isFileUsable == last.sources.isFileUsable else {
            return false
        }
        let isOtherFile = profilesPath != inForce.profilesPath
        if isOtherFile, profilesText != last.profilesText { return false }
        if callersPath != inForce.callersPath, callersText != last.callersText { return false }
        return SettingName.allCases.allSatisfy { name in
            let given = sources.given[name]
            return given?.readFrom == inForce.sources.given[name]?.readFrom
                || given?.text == last.sources.given[name]?.text
        }
    }
}
