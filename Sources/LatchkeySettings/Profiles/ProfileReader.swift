internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyUpstream

/// Reads one profile of the file and collects everything that is wrong with it.
struct ProfileReader {
    private let name: String
    private let members: JSONObject
    /// Everything that is wrong. Never contains a credential.
    private(set) var problems: [String] = []

    /// The most values of a member that may be a list.
    private static let maxListValues = 16
    /// The most bytes in a value of `token_type`.
    private static let maxTokenTypeBytes = 64

    private static let known: Set<String> = [
        "name", "kind", "token_url", "audience", "scope", "organization", "client_id", "client_secret", "client_auth",
        "key_id", "token_type", "token_status", "extra",
    ]

    init(name: String, members: JSONObject) {
        self.name = name
        self.members = members
    }

    /// Reads all members. After it, ``problems`` is complete.
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
        profile.allowance = TokenResponsePolicy(tokenTypes: tokenTypes(), statuses: statuses())
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

    /// A member that is a string. An empty string counts as absent, as it does in a token request.
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
        if let path = FileReference.path(text) { return .file(path: path) }
        if text.hasPrefix("file:") {
            problems.append("\(member): file: takes an absolute path, as in file:/run/secrets/x")
            return nil
        }
        guard text.hasPrefix("secret:") else { return .literal(Secret(text)) }
        guard let key = SecretKey(String(text.dropFirst("secret:".count))) else {
            problems.append("\(member): secret: takes the key of a secret: \(SecretKey.grammar)")
            return nil
        }
        return .secret(key)
    }

    private mutating func clientAuthentication() -> TokenRequest.ClientAuthentication {
        let keyID = text("key_id")
        let choice = text("client_auth") ?? "post"
        if keyID != nil, choice != "private_key_jwt" {
            problems.append("key_id goes with client_auth private_key_jwt only: remove it, or set client_auth")
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

    /// `token_type`: one string or a list of strings. An empty string allows a response without a token type.
    private mutating func tokenTypes() -> Set<String> {
        let texts = list("token_type").map { $0.string.flatMap(Self.tokenType) }
        if texts.contains(nil) {
            problems.append(
                "token_type must be a text, or a list of texts, each of at most \(Self.maxTokenTypeBytes) visible ASCII "
                    + "characters")
        }
        return Set(texts.compactMap(\.self))
    }

    private static func tokenType(_ text: String) -> String? {
        text.utf8.count <= maxTokenTypeBytes && text.utf8.allSatisfy(isVisible) ? text : nil
    }

    private static func isVisible(_ byte: UInt8) -> Bool { (0x21...0x7E).contains(byte) }

    private mutating func statuses() -> Set<Int> {
        let possible = TokenResponsePolicy.possibleStatuses
        let numbers = list("token_status").map { $0.integer.flatMap(Int.init(exactly:)) }
        guard numbers.allSatisfy({ $0.map { $0 == 200 || possible.contains($0) } ?? false }) else {
            problems.append(
                "token_status must be a number, or a list of numbers, from \(possible.lowerBound) to \(possible.upperBound)"
            )
            return []
        }
        return Set(numbers.compactMap(\.self))
    }

    /// A member that is one value or a list of at most ``maxListValues``.
    private mutating func list(_ member: String) -> [JSON] {
        guard let value = members[member], value != .null else { return [] }
        guard let list = value.array else { return [value] }
        if list.count > Self.maxListValues {
            problems.append("\(member) has \(list.count) values; at most \(Self.maxListValues) are allowed")
        }
        return Array(list.prefix(Self.maxListValues))
    }

    private mutating func extra() -> [String: String] {
        guard let value = members["extra"], value != .null else { return [:] }
        guard let object = value.object else {
            problems.append("extra must be an object of strings")
            return [:]
        }
        for (parameter, value) in object {
            if TokenRequest.reserved.contains(parameter) {
                problems.append("extra must not set \(parameter): Latchkey sets it itself")
            } else if value.string == nil {
                problems.append("extra: \(Self.shown(parameter)) must be a string")
            }
        }
        return object.compactMapValues(\.string)
    }

    /// A name from the file, unless it is too long or unprintable for a message.
    private static func shown(_ name: String) -> String {
        name.utf8.count <= 64 && name.utf8.allSatisfy(isVisible) ? name : "with an unprintable name"
    }
}
