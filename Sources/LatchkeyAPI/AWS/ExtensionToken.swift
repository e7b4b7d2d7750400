internal import LatchkeyHTTP

/// The header fields that carry the token of AWS's Lambda extension and of the Secrets Manager Agent (its README,
/// `ssrf_headers`), in the order in which they are looked up.
enum ExtensionToken {
    /// For error messages.
    static let allFields = "X-Aws-Parameters-Secrets-Token or X-Vault-Token"

    private static let fields: [StaticString] = ["x-aws-parameters-secrets-token", "x-vault-token"]

    /// The value of the first of these fields that the request has, even if it is empty; nil if it has none.
    static func field(of context: RequestContext) -> MessageRange? {
        for name in fields {
            let value = context.head.field(name, in: context.bytes)
            if value.isPresent { return value }
        }
        return nil
    }
}
