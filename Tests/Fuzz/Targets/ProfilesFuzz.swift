internal import LatchkeySettings
internal import LatchkeyUpstream

/// Fuzzes the reader of profiles files: accepted profiles follow the rules, and no message contains a secret.
enum ProfilesFuzz {
    private static let secret = Array(#""client_secret":"hush-hush"#.utf8)

    static func run(_ bytes: [UInt8]) throws(FuzzViolation) {
        // The reader gets only UTF-8.
        guard let text = String(validating: bytes, as: UTF8.self) else { return }
        let file = ProfilesFile(text)
        let names = file.profiles.map(\.name)
        try require(names.count <= ProfilesFile.maxProfiles + 1, "the number of profiles is limited")
        if count(PlantedSecret.marker, bytes) == count(secret, bytes), count(secret, bytes) > 0 {
            try require(!file.problems.contains { PlantedSecret.holds($0) }, "no message contains a secret")
        }
        guard file.problems.isEmpty else { return }
        try require(names.first == ProfileDefinition.defaultName, "the default profile is the first")
        try require(Set(names).count == names.count, "the names of profiles are unique")
        try require(ProfilesFile.reservedNames.isDisjoint(with: names), "no profile has a reserved name")
        for profile in file.profiles {
            let isName = (1...ProfilesFile.maxNameBytes).contains(profile.name.utf8.count)
            try require(
                isName && profile.name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "a name is short and printable")
            guard profile.kind == .oauth2 else { continue }
            let isWhole = profile.endpoint != nil && profile.clientID != nil && profile.clientSecret != nil
            try require(isWhole, "a profile of another issuer has an endpoint and a client")
        }
    }

    private static func count(_ wanted: [UInt8], _ bytes: [UInt8]) -> Int {
        bytes.indices.count { bytes[$0...].starts(with: wanted) }
    }
}
