package import LatchkeyAWS
internal import LatchkeyCore
internal import LatchkeyCrypto
package import LatchkeyHTTP

extension SigV4 {
    /// Signs the request: sets `X-Amz-Date`, `X-Amz-Security-Token` and `Authorization`.
    package static func sign(
        _ request: inout HTTPRequest, host: String, scope: Scope, credentials: AWSCredentials
    ) {
        request.fields["Authorization"] = nil
        request.fields["X-Amz-Date"] = scope.timestamp
        request.fields["X-Amz-Security-Token"] = credentials.sessionToken?.revealText()
        let canonical = CanonicalRequest(request, host: host)
        let signature = signature(of: canonical, scope: scope, secretAccessKey: credentials.secretAccessKey)
        request.fields["Authorization"] = """
            \(algorithm) Credential=\(credentials.accessKeyID)/\(scope.text), \
            SignedHeaders=\(canonical.signedFields), Signature=\(signature.hex)
            """
    }
}
