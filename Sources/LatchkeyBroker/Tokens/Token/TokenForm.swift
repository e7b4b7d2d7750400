/// What an endpoint has rendered of a token, in one format. It is released with the token, and so are its bytes.
package final class TokenForm: Sendable {
    /// The formats in which tokens are served.
    package enum Format: CaseIterable, Sendable {
        /// `GET /token` as JSON.
        case json
        /// `GET /token` as plain text.
        case text
        /// `POST /oauth/token`: JSON for an OAuth client, which may ask for a scope.
        case oauth
    }

    /// Header fields up to the digits of `Age`.
    package let fields: [UInt8]
    /// The body up to the digits of the seconds left; the whole body as plain text.
    package let bodyStart: [UInt8]
    /// The body behind those digits.
    package let bodyEnd: [UInt8]

    package init(fields: [UInt8], bodyStart: [UInt8], bodyEnd: [UInt8]) {
        self.fields = fields
        self.bodyStart = bodyStart
        self.bodyEnd = bodyEnd
    }
}
