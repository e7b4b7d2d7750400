internal import LatchkeySettings
internal import LatchkeyUpstream

/// The file of profiles: what is accepted keeps the rules, and no message tells a secret.
enum ProfilesFuzz {
    private static let secret = Array(#""client_secret":"hush-hush"#.utf8)

    static func run(_ bytes: [UInt8]) throws(FuzzViolation) {
        // What is not UTF-8 is not given to the reader.
        guard let text = String(validating: bytes, as: UTF8.self) else { return }
        let file = ProfilesFile(text)
        let names = file.profiles.map(\.name)
        try require(names.count <= ProfilesFile.mostProfiles + 1, "there are so many profiles at the most")
        if count(PlantedSecret.marker, bytes) == count(secret, bytes), count(secret, bytes) > 0 {
            try require(!file.problems.contains { PlantedSecret.holds($0) }, "no message tells a secret")
        }
        guard file.problems.isEmpty else { return }
        try require(names.first == ProfileDefinition.standardName, "the default profile is the first")
        try require(Set(names).count == names.count, "a profile stands there once")
        try require(ProfilesFile.reservedNames.isDisjoint(with: names), "no profile has a name that is taken")
        for profile in file.profiles {
            let isName = (1...ProfilesFile.longestName).contains(profile.name.utf8.count)
            try require(isName && profile.name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "a name is short and plain")
            guard profile.kind == .oauth2 else { continue }
            let isWhole = profile.endpoint != nil && profile.clientID != nil && profile.clientSecret != nil
            try require(isWhole, "a profile of another issuer says who asks whom")
        }
    }

    private static func count(_ wanted: [UInt8], _ bytes: [UInt8]) -> Int {
        bytes.indices.count { bytes[$0...].starts(with: wanted) }
    }
}
