internal import LatchkeyCore

/// The content of `LATCHKEY_PROFILES_FILE`: a JSON array of profiles, or `{"profiles":[…]}`. Unknown members are rejected.
package struct ProfilesFile: Sendable {
    /// The most profiles in one file. Each has its own token, lease and metrics.
    package static let maxProfiles = 100
    /// The most bytes in the file.
    package static let maxFileBytes = 1 << 20
    /// The most profiles in a running broker: a reload may replace all of them at once, with
    /// ``ProfileDefinition/defaultProfile`` among the old and the new ones.
    package static let maxLiveProfiles = 2 * (maxProfiles + 1)
    /// The most bytes in a name, which is part of a parameter's path and of a URL.
    package static let maxNameBytes = 64
    /// The names of the token cache's own parameters and of the route `/token/rejected`.
    package static let reservedNames: Set<String> = ["token", "expires", "lease", "rejected"]

    /// The default profile first, then the others in the order of the file.
    package private(set) var profiles: [ProfileDefinition] = []
    /// Everything that is wrong, each with the profile's name first. Never contains a credential.
    package private(set) var problems: [String] = []

    package init(_ text: String) {
        let json: JSON
        do throws(JSONError) {
            json = try JSON(parsing: text.utf8, limits: .document.refusingDuplicates)
        } catch {
            problems = ["is \(error)"]
            return
        }
        if let members = json.object, members.keys.contains(where: { $0 != "profiles" }) {
            problems.append("must have no member but profiles")
        }
        guard let list = json.array ?? json["profiles"]?.array else {
            problems.append("must be an array of profiles, or an object with such an array in the member profiles")
            return
        }
        guard list.count <= Self.maxProfiles else {
            problems.append("has \(list.count) profiles; at most \(Self.maxProfiles) are allowed")
            return
        }
        for (index, value) in list.enumerated() { take(value, at: index) }
        if let index = profiles.firstIndex(where: { $0.name == ProfileDefinition.defaultName }) {
            profiles.insert(profiles.remove(at: index), at: 0)
        } else {
            profiles.insert(.defaultProfile, at: 0)
        }
    }

    private mutating func take(_ value: JSON, at index: Int) {
        guard let members = value.object else {
            problems.append("profile \(index + 1): must be an object")
            return
        }
        guard let name = members["name"]?.string, Self.isName(name) else {
            problems.append(
                "profile \(index + 1): name must be 1 to \(Self.maxNameBytes) characters of A-Z a-z 0-9 . _ - and begin with "
                    + "a letter or digit")
            return
        }
        if Self.reservedNames.contains(name) {
            problems.append("\(name): the name is taken by a parameter or a route: choose another one")
        }
        if profiles.contains(where: { $0.name == name }) {
            problems.append("\(name): is defined twice: remove or rename one")
        }
        var reader = ProfileReader(name: name, members: members)
        profiles.append(reader.profile())
        problems += reader.problems.map { "\(name): \($0)" }
    }

    private static func isName(_ text: String) -> Bool {
        (1...maxNameBytes).contains(text.utf8.count) && text.utf8.first.map(\.isASCIIAlphanumeric) ?? false
            && text.utf8.allSatisfy { $0.isASCIIAlphanumeric || "._-".utf8.contains($0) }
    }
}
