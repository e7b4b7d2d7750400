internal import LatchkeyCore
internal import LatchkeyHTTP

/// The parameters of a token request: from a form or JSON body, and from Basic authentication (RFC 6749 §2.3.1, §4.4.2).
struct TokenForm {
    private var parameters: [ExactText: String] = [:]
    /// Whether the client used Basic; a 401 response must then name that scheme (RFC 6749 §5.2).
    private(set) var usesBasic = false

    /// Returns nil for a body that is neither a form nor a JSON object, for a repeated form parameter (RFC 6749 §3.2), and
    /// for a malformed Basic header.
    init?(_ request: HTTPRequest) {
        let type = request.fields["Content-Type"]?.split(separator: ";").first?.lowercased().filter { $0 != " " }
        switch type {
        case "application/json":
            guard let members = (try? JSON(parsing: request.body, limits: .request))?.object else { return nil }
            // Auth0's own Python client sends `organization: null`.
            for member in members { parameters[ExactText(member.key)] = member.value.string }
        case "application/x-www-form-urlencoded":
            guard let pairs = PercentEncoding.pairs(request.body) else { return nil }
            for pair in pairs {
                guard parameters.updateValue(pair.value, forKey: ExactText(pair.name)) == nil else { return nil }
            }
        default: return nil
        }
        if let header = request.fields["Authorization"] {
            guard readBasic(header) else { return nil }
        }
    }

    /// The value of a parameter. An empty value counts as absent (RFC 6749 §3.1).
    subscript(name: String) -> String? {
        guard let value = parameters[ExactText(name)], !value.isEmpty else { return nil }
        return value
    }

    private mutating func readBasic(_ header: String) -> Bool {
        let halves = header.split(separator: " ", maxSplits: 1)
        guard halves.count == 2, halves[0].lowercased() == "basic", let bytes = Base64.decode(String(halves[1])) else {
            return false
        }
        let pair = bytes.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        guard pair.count == 2, let id = PercentEncoding.decode(pair[0], plusIsSpace: true),
            let secret = PercentEncoding.decode(pair[1], plusIsSpace: true)
        else { return false }
        parameters["client_id"] = id
        parameters["client_secret"] = secret
        usesBasic = true
        return true
    }
}
