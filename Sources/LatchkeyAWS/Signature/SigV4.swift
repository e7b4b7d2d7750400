package import LatchkeyCore
package import LatchkeyCrypto

/// AWS Signature Version 4. Pure: the time is a parameter.
package enum SigV4 {
    /// The signature algorithm with a shared secret. No other is supported.
    package static let algorithm = "AWS4-HMAC-SHA256"

    /// The scope of a signature: one day, one region, one service.
    package struct Scope: Sendable {
        /// The time of the request, such as `20261123T125540Z`.
        package let timestamp: String
        package let region: String
        package let service: String

        package init(date: WallTime, region: String, service: String) {
            self.init(timestamp: RFC3339.formatBasic(date), region: region, service: service)
        }

        /// - Parameter timestamp: the request's `X-Amz-Date`.
        init(timestamp: String, region: String, service: String) {
            self.timestamp = timestamp
            self.region = region
            self.service = service
        }

        /// The date of the request, such as `20261123`.
        var date: Substring { timestamp.prefix(8) }

        /// The text of the scope, such as `20261123/us-east-1/ssm/aws4_request`.
        package var text: String { "\(date)/\(region)/\(service)/\(SigV4.terminator)" }
    }

    /// The last part of a scope.
    static let terminator = "aws4_request"

    /// The signature of a canonical request.
    package static func signature(
        of canonical: CanonicalRequest, scope: Scope, secretAccessKey: Secret
    ) -> Digest {
        let stringToSign = "\(algorithm)\n\(scope.timestamp)\n\(scope.text)\n\(SHA256.hash(canonical.text).hex)"
        let seed = Secret(Array("AWS4".utf8) + secretAccessKey.reveal())
        // The signing key is derived from the secret by one HMAC for each part of the scope.
        var digest = seed.withBytes { hmac(String(scope.date), key: $0) }
        for part in [scope.region, scope.service, terminator, stringToSign] {
            digest = digest.withBytes { hmac(part, key: $0) }
        }
        return digest
    }

    private static func hmac(_ message: String, key: UnsafeRawBufferPointer) -> Digest {
        Array(message.utf8).withUnsafeBytes { HMACSHA256.authenticate($0, key: key) }
    }
}
