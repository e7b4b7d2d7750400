internal import LatchkeyHTTP

/// The fields in which AWS's Lambda extension and its Secrets Manager agent look for the caller's token (README of the
/// AWS Secrets Manager Agent, `ssrf_headers`), the first one first.
enum ExtensionToken {
    /// For people.
    static let allFields = "X-Aws-Parameters-Secrets-Token or X-Vault-Token"

    private static let fields: [StaticString] = ["x-aws-parameters-secrets-token", "x-vault-token"]

    /// The value of the first of them that the request has, be it empty; nil where it has none.
    static func field(of context: RequestContext) -> MessageRange? {
        for name in fields {
            let value = context.head.field(name, in: context.bytes)
            if value.isPresent { return value }
        }
        return nil
    }
}
