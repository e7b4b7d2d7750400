internal import LatchkeyCore
internal import LatchkeyHTTP

/// A decoded request of the client credentials grant (RFC 6749 §4.4.2). The client is not authenticated yet.
package struct OAuthTokenRequest: Sendable {
    package let client: OAuthClient
    package let grantType: String?
    /// `audience`, or `resource` (RFC 8707 §2). Nil means the default profile.
    package let audience: String?
    /// The requested scope tokens (RFC 6749 §3.3); empty if there are none.
    package let scope: [String]

    /// - Parameters:
    ///   - contentType: form or JSON; parameters of the media type are ignored. Nil or empty if the field is absent.
    ///   - authorization: the field's value; nil if it is absent.
    ///   - body: the whole body.
    /// - Throws: `invalid_request`, and `invalid_target` for several audiences.
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

    /// `audience` and `resource` mean the same. If both are given, they must be equal.
    private static func audience(_ parameters: OAuthParameters) throws(OAuthError) -> String? {
        guard let resource = parameters["resource"] else { return parameters["audience"] }
        if let audience = parameters["audience"], !audience.hasSameBytes(as: resource) {
            throw OAuthError(.invalidTarget, "audience and resource differ, and a token is for one of them")
        }
        return resource
    }

    /// A client authenticates in exactly one way (RFC 6749 §2.3). A `client_id` beside Basic credentials must repeat
    /// their id.
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
