internal import LatchkeyCore
internal import LatchkeyHTTP

/// The parameters of a token request. Unknown ones are ignored (RFC 6749 §3.2).
struct OAuthParameters {
    private static let known: Set<ExactText> = [
        "grant_type", "client_id", "client_secret", "audience", "resource", "scope",
    ]

    private var values: [ExactText: String] = [:]

    init(contentType: String?, body: some Collection<UInt8>) throws(OAuthError) {
        let type = Self.mediaType(contentType ?? "")
        if type == Array("application/x-www-form-urlencoded".utf8) {
            try readForm(body)
        } else if type == Array("application/json".utf8) {
            try readJSON(body)
        } else {
            throw OAuthError(
                .invalidRequest, "content-type must be application/x-www-form-urlencoded or application/json")
        }
    }

    /// The media type without parameters and blanks, in lower case. Works on bytes in linear time, because the sender
    /// is not authenticated yet.
    private static func mediaType(_ contentType: String) -> [UInt8] {
        let type = contentType.utf8.split(separator: UInt8(ascii: ";"), maxSplits: 1).first ?? ""[...].utf8
        return type.filter { $0 != 0x20 && $0 != 0x09 }.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
    }

    /// The value of a parameter. An empty value counts as absent (RFC 6749 §3.2).
    subscript(name: String) -> String? {
        guard let value = values[ExactText(name)], !value.isEmpty else { return nil }
        return value
    }

    private mutating func readForm(_ body: some Collection<UInt8>) throws(OAuthError) {
        guard let pairs = PercentEncoding.pairs(body) else {
            throw OAuthError(.invalidRequest, "the body is not a form in UTF-8")
        }
        for (name, value) in pairs where values.updateValue(value, forKey: ExactText(name)) != nil {
            // RFC 8707 §2 allows several resources, but a profile's token is for one.
            if name.hasSameBytes(as: "resource") { throw OAuthError(.invalidTarget, "a token is for one resource") }
            throw Self.repeated(name)
        }
    }

    /// Reads the parameters as members of a JSON object, as Auth0's own clients send them: strings, or null for absent.
    private mutating func readJSON(_ body: some Collection<UInt8>) throws(OAuthError) {
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(body, limits: .request.refusingDuplicates)
        } catch  where error.reason == .duplicateName {
            throw Self.repeated("")
        } catch {
            throw OAuthError(.invalidRequest, "the body is not a json object (\(error))")
        }
        guard document.root.kind == .object else {
            throw OAuthError(.invalidRequest, "the body is not a json object")
        }
        for name in Self.known {
            guard let value = document.root[name.text], !value.isNull else { continue }
            guard let text = value.string else {
                throw OAuthError(.invalidRequest, "\(name.text) must be a string")
            }
            values[name] = text
        }
    }

    /// Only names that the endpoint knows are repeated to the caller.
    private static func repeated(_ name: String) -> OAuthError {
        OAuthError(.invalidRequest, "\(known.contains(ExactText(name)) ? name : "a parameter") is given more than once")
    }
}
