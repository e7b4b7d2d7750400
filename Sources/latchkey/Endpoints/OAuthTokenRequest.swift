internal import LatchkeyCore
internal import LatchkeyHTTP

/// A request for a token by the client credentials grant (RFC 6749 §4.4.2), read and not yet judged.
package struct OAuthTokenRequest: Sendable {
    package let client: OAuthClient
    package let grantType: String?
    /// What the token is for: `audience`, or `resource` (RFC 8707 §2). Nil asks for the default profile's.
    package let audience: String?
    /// The scope tokens asked for (RFC 6749 §3.3); empty when none were.
    package let scope: [String]

    /// - Parameters:
    ///   - contentType: form or JSON, parameters of the media type allowed and ignored; nil or empty where there is none.
    ///   - authorization: the field's value; nil where there is none.
    ///   - body: all of it.
    /// - Throws: `invalid_request`, and `invalid_target` where several audiences are asked for.
    package init(
        contentType: String?, authorization: (some Collection<UInt8>)?, body: some Collection<UInt8>
    ) throws(OAuthError) {
        let parameters = try OAuthParameters(contentType: contentType, body: body)
        grantType = parameters["grant_type"]
        audience = try Self.audience(parameters)
        scope =
            parameters["scope"]?.utf8.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
            ?? []
        client = try Self.client(parameters, authorization)
    }

    /// `audience` and `resource` are two names for one thing; where both are given they have to agree.
    private static func audience(_ parameters: OAuthParameters) throws(OAuthError) -> String? {
        guard let resource = parameters["resource"] else { return parameters["audience"] }
        if let audience = parameters["audience"], !audience.hasSameBytes(as: resource) {
            throw OAuthError(.invalidTarget, "audience and resource differ, and a token is for one of them")
        }
        return resource
    }

    /// One way of authentication and no more (RFC 6749 §2.3). A `client_id` beside Basic only repeats it.
    private static func client(
        _ parameters: OAuthParameters, _ authorization: (some Collection<UInt8>)?
    ) throws(OAuthError) -> OAuthClient {
        let (id, secret) = (parameters["client_id"], parameters["client_secret"])
        guard let authorization else { return OAuthClient(id: id, secret: secret) }
        if secret != nil {
            throw OAuthError(.invalidRequest, "authenticate by the authorization field or in the body, not by both")
        }
        let client = OAuthClient(basic: authorization)
        if let id, case .presented(let readings) = client, !readings.contains(where: { $0.id.hasSameBytes(as: id) }) {
            throw OAuthError(.invalidRequest, "client_id is not the one in the authorization field")
        }
        return client
    }
}

/// The parameters of a token request. Those the endpoint does not know are passed over (RFC 6749 §3.2).
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

    /// The media type without its parameters, in lower case and without blanks. As bytes, and so in linear time: whoever
    /// sends it is not known yet.
    private static func mediaType(_ contentType: String) -> [UInt8] {
        let type = contentType.utf8.split(separator: UInt8(ascii: ";"), maxSplits: 1).first ?? ""[...].utf8
        return type.filter { $0 != 0x20 && $0 != 0x09 }.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
    }

    /// The value of a parameter; an empty one counts as absent (RFC 6749 §3.2).
    subscript(name: String) -> String? {
        guard let value = values[ExactText(name)], !value.isEmpty else { return nil }
        return value
    }

    private mutating func readForm(_ body: some Collection<UInt8>) throws(OAuthError) {
        guard let pairs = PercentEncoding.pairs(body) else {
            throw OAuthError(.invalidRequest, "the body is not a form in UTF-8")
        }
        for (name, value) in pairs where values.updateValue(value, forKey: ExactText(name)) != nil {
            // Several resources are good form (RFC 8707 §2), but a token of one profile serves one.
            if name.hasSameBytes(as: "resource") { throw OAuthError(.invalidTarget, "a token is for one resource") }
            throw Self.repeated(name)
        }
    }

    /// A form's parameters as members of one object, as Auth0's own clients send them: strings, or null for absent.
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

    /// Only a name of the endpoint's own is repeated to the caller.
    private static func repeated(_ name: String) -> OAuthError {
        OAuthError(.invalidRequest, "\(known.contains(ExactText(name)) ? name : "a parameter") is given more than once")
    }
}
