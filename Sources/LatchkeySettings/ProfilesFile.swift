internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyUpstream

/// `LATCHKEY_PROFILES_FILE`: a JSON array of profiles, or `{"profiles":[…]}`. Strict: what is not understood is refused.
package struct ProfilesFile: Sendable {
    /// Most profiles in one file: each has a token, a lease and metrics of its own.
    package static let mostProfiles = 100
    /// Largest file, in bytes.
    package static let longestFile = 1 << 20
    /// Places for profiles in a running broker: all of them may be replaced by others at once, ``ProfileDefinition/standard``
    /// among them.
    package static let places = 2 * (mostProfiles + 1)
    /// Longest name: it is part of a parameter's path and of a URL's.
    package static let longestName = 64
    /// Names of the token cache's own parameters (contract §5) and of a route below `/token`.
    package static let reservedNames: Set<String> = ["token", "expires", "lease", "rejected"]

    /// The default profile first, the others in the file's order.
    package private(set) var profiles: [ProfileDefinition] = []
    /// All that is wrong, the profile's name first; never a credential.
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
            problems.append("knows no member but profiles beside them")
        }
        guard let list = json.array ?? json["profiles"]?.array else {
            problems.append("must be an array of profiles, or an object whose member profiles is one")
            return
        }
        guard list.count <= Self.mostProfiles else {
            problems.append("has \(list.count) profiles; \(Self.mostProfiles) are the most")
            return
        }
        for (index, value) in list.enumerated() { take(value, at: index) }
        if let index = profiles.firstIndex(where: { $0.name == ProfileDefinition.standardName }) {
            profiles.insert(profiles.remove(at: index), at: 0)
        } else {
            profiles.insert(.standard, at: 0)
        }
    }

    private mutating func take(_ value: JSON, at index: Int) {
        guard let members = value.object else {
            problems.append("profile \(index + 1): must be an object")
            return
        }
        guard let name = members["name"]?.string, Self.isName(name) else {
            problems.append(
                "profile \(index + 1): name must be 1 to \(Self.longestName) of A-Z a-z 0-9 . _ - beginning with a "
                    + "letter or digit")
            return
        }
        if Self.reservedNames.contains(name) { problems.append("\(name): the name is taken by a parameter or a route") }
        if profiles.contains(where: { $0.name == name }) { problems.append("\(name): stands there twice") }
        var reader = ProfileReader(name: name, members: members)
        profiles.append(reader.profile())
        problems += reader.problems.map { "\(name): \($0)" }
    }

    private static func isName(_ text: String) -> Bool {
        func isAlphanumeric(_ byte: UInt8) -> Bool {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: false
            }
        }
        return (1...longestName).contains(text.utf8.count) && text.utf8.first.map(isAlphanumeric) ?? false
            && text.utf8.allSatisfy { isAlphanumeric($0) || $0 == 0x2E || $0 == 0x5F || $0 == 0x2D }
    }
}

/// Reads one profile's members, collecting what is wrong.
private struct ProfileReader {
    let name: String
    let members: JSONObject
    var problems: [String] = []

    private static let known: Set<String> = [
        "name", "kind", "token_url", "audience", "scope", "organization", "client_id", "client_secret", "client_auth",
        "key_id", "token_type", "token_status", "extra",
    ]

    init(name: String, members: JSONObject) {
        self.name = name
        self.members = members
    }

    mutating func profile() -> ProfileDefinition {
        for member in members.keys.sorted() where !Self.known.contains(member) {
            problems.append(
                "unknown member \(Self.shown(member)); known are \(Self.known.sorted().joined(separator: " "))")
        }
        var profile = ProfileDefinition(name: name)
        profile.kind = kind()
        profile.endpoint = endpoint(profile.kind)
        profile.audience = text("audience").map { .given($0) } ?? .none
        profile.scope = text("scope")
        profile.organization = text("organization")
        profile.clientID = credential("client_id")
        profile.clientSecret = credential("client_secret")
        profile.clientAuthentication = clientAuthentication()
        profile.allowance = AnswerAllowance(tokenTypes: tokenTypes(), statuses: statuses())
        profile.extra = extra()
        if profile.kind == .oauth2 {
            for (member, value) in [("client_id", profile.clientID), ("client_secret", profile.clientSecret)]
            where value == nil && isAbsent(member) {
                problems.append("\(member) is required with kind oauth2")
            }
        }
        if case .privateKeyJWT = profile.clientAuthentication, case .literal(let key) = profile.clientSecret {
            do throws(AssertionKeyError) { _ = try AssertionKey(pem: key) } catch {
                problems.append("client_secret: \(error)")
            }
        }
        return profile
    }

    /// A member that is text; an empty one counts as absent, as it would on the wire.
    private mutating func text(_ member: String) -> String? {
        guard let value = members[member], value != .null else { return nil }
        guard let text = value.string else {
            problems.append("\(member) must be a string")
            return nil
        }
        return text.isEmpty ? nil : text
    }

    private func isAbsent(_ member: String) -> Bool {
        switch members[member] {
        case nil, .null?: true
        case .string(let text)?: text.isEmpty
        default: false
        }
    }

    private mutating func kind() -> TokenRequest.Kind {
        switch members["kind"]?.string {
        case "auth0": return .auth0
        case "oauth2": return .oauth2
        default:
            problems.append("kind must be auth0 or oauth2")
            return .auth0
        }
    }

    private mutating func endpoint(_ kind: TokenRequest.Kind) -> TokenEndpoint? {
        guard let url = text("token_url") else {
            if kind == .oauth2, members["kind"]?.string != nil {
                problems.append("token_url is required with kind oauth2")
            }
            return nil
        }
        do throws(TokenEndpoint.Rejection) {
            return try TokenEndpoint(url)
        } catch {
            problems.append("token_url: \(error)")
            return nil
        }
    }

    private mutating func credential(_ member: String) -> ProfileDefinition.Credential? {
        guard let text = text(member) else { return nil }
        if text.hasPrefix("file:") {
            if text.hasPrefix("file:/") { return .file(path: String(text.dropFirst(5))) }
            problems.append("\(member): file: takes an absolute path, as in file:/run/secrets/x")
            return nil
        }
        guard text.hasPrefix("secret:") else { return .literal(Secret(text)) }
        guard let key = SecretKey(String(text.dropFirst(7))) else {
            problems.append("\(member): secret: takes a secret's key: letters, digits and . - _ / only")
            return nil
        }
        return .secret(key)
    }

    private mutating func clientAuthentication() -> TokenRequest.ClientAuthentication {
        let keyID = text("key_id")
        let choice = text("client_auth") ?? "post"
        if keyID != nil, choice != "private_key_jwt" {
            problems.append("key_id goes with client_auth private_key_jwt alone")
        }
        switch choice {
        case "post": return .post
        case "basic": return .basic
        case "private_key_jwt": return .privateKeyJWT(keyID: keyID)
        default:
            problems.append("client_auth must be post, basic or private_key_jwt")
            return .post
        }
    }

    /// One text or a list of them; the empty text is one.
    private mutating func tokenTypes() -> Set<String> {
        let texts = list("token_type").map { $0.string.flatMap(Self.tokenType) }
        if texts.contains(nil) {
            problems.append(
                "token_type must be a text, or a list of texts, of at most 64 visible ascii characters each")
        }
        return Set(texts.compactMap(\.self))
    }

    private static func tokenType(_ text: String) -> String? {
        text.utf8.count <= 64 && text.utf8.allSatisfy { (0x21...0x7E).contains($0) } ? text : nil
    }

    private mutating func statuses() -> Set<Int> {
        let possible = AnswerAllowance.possibleStatuses
        let numbers = list("token_status").map { $0.integer.flatMap(Int.init(exactly:)) }
        guard numbers.allSatisfy({ $0.map { $0 == 200 || possible.contains($0) } ?? false }) else {
            problems.append(
                "token_status must be a number, or a list of numbers, from \(possible.lowerBound) to \(possible.upperBound)"
            )
            return []
        }
        return Set(numbers.compactMap(\.self))
    }

    /// A member that may be one value or a list of at most 16.
    private mutating func list(_ member: String) -> [JSON] {
        guard let value = members[member], value != .null else { return [] }
        guard let list = value.array else { return [value] }
        if list.count > 16 { problems.append("\(member) has \(list.count) values; 16 are the most") }
        return Array(list.prefix(16))
    }

    private mutating func extra() -> [String: String] {
        guard let value = members["extra"], value != .null else { return [:] }
        guard let object = value.object else {
            problems.append("extra must be an object of strings")
            return [:]
        }
        for (parameter, value) in object {
            if TokenRequest.reserved.contains(parameter) {
                problems.append("extra must not set \(parameter): it has a member of its own, or none")
            } else if value.string == nil {
                problems.append("extra: \(Self.shown(parameter)) must be a string")
            }
        }
        return object.compactMapValues(\.string)
    }

    /// A name from the file, short and plain enough for a message.
    private static func shown(_ name: String) -> String {
        name.utf8.count <= 64 && name.utf8.allSatisfy { (0x21...0x7E).contains($0) } ? name : "of a strange name"
    }
}
