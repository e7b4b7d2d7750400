package import LatchkeyCore
package import LatchkeyCrypto
internal import LatchkeyHTTP

/// AWS Signature Version 4. Pure: the time is a parameter.
package enum SigV4 {
    /// The only algorithm there is: keyed with a secret both sides have.
    package static let algorithm = "AWS4-HMAC-SHA256"

    /// What a signature is good for: one day, one region, one service.
    package struct Scope: Sendable {
        /// `20261123T125540Z`.
        package let timestamp: String
        package let region: String
        package let service: String

        package init(date: WallTime, region: String, service: String) {
            self.init(timestamp: RFC3339.formatBasic(date), region: region, service: service)
        }

        /// - Parameter timestamp: as the request's `X-Amz-Date` has it.
        init(timestamp: String, region: String, service: String) {
            self.timestamp = timestamp
            self.region = region
            self.service = service
        }

        /// `20261123/us-east-1/ssm/aws4_request`.
        package var text: String { "\(timestamp.prefix(8))/\(region)/\(service)/aws4_request" }
    }

    /// The signature of a canonical request.
    package static func signature(
        of canonical: CanonicalRequest, scope: Scope, secretAccessKey: Secret
    ) -> Digest {
        let toSign = "\(algorithm)\n\(scope.timestamp)\n\(scope.text)\n\(SHA256.hash(canonical.text).hex)"
        let seed = Secret(Array("AWS4".utf8) + secretAccessKey.reveal())
        let parts = [String(scope.timestamp.prefix(8)), scope.region, scope.service, "aws4_request", toSign]
        var key = seed.withBytes { hmac(parts[0], key: $0) }
        for part in parts.dropFirst() { key = key.withBytes { hmac(part, key: $0) } }
        return key
    }

    private static func hmac(_ message: String, key: UnsafeRawBufferPointer) -> Digest {
        Array(message.utf8).withUnsafeBytes { HMACSHA256.authenticate($0, key: key) }
    }
}
