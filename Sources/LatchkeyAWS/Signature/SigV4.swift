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
            timestamp = RFC3339.formatBasic(date)
            self.region = region
            self.service = service
        }

        /// The text of the scope, such as `20261123/us-east-1/ssm/aws4_request`.
        package var text: String { "\(timestamp.prefix(8))/\(region)/\(service)/\(SigV4.terminator)" }
    }

    /// The last part of a scope.
    static let terminator = "aws4_request"

    /// The signature of a canonical request.
    package static func signature(
        of canonical: CanonicalRequest, scope: Scope, secretAccessKey: Secret
    ) -> Digest {
        Array(scope.timestamp.utf8).withUnsafeBytes { timestamp in
            Array(scope.text.utf8).withUnsafeBytes { scope in
                signature(
                    of: canonical, timestamp: timestamp, scope: scope,
                    signingKey: signingKey(secretAccessKey, scope: scope))
            }
        }
    }

    /// The signature of a canonical request.
    ///
    /// - Parameter scope: the text of the scope.
    static func signature(
        of canonical: CanonicalRequest, timestamp: UnsafeRawBufferPointer, scope: UnsafeRawBufferPointer,
        signingKey: Secret
    ) -> Digest {
        var stringToSign: [UInt8] = []
        stringToSign.reserveCapacity(256)
        stringToSign.append(contentsOf: algorithm.utf8)
        stringToSign.append(0x0A)
        stringToSign.append(contentsOf: timestamp)
        stringToSign.append(0x0A)
        stringToSign.append(contentsOf: scope)
        stringToSign.append(0x0A)
        canonical.digest.withBytes { Hex.append($0, to: &stringToSign) }
        return stringToSign.withUnsafeBytes { text in
            signingKey.withBytes { HMACSHA256.authenticate(text, key: $0) }
        }
    }

    /// The key that signs requests of one scope, derived from the secret by one HMAC for each part of the scope.
    static func signingKey(_ secretAccessKey: Secret, scope: UnsafeRawBufferPointer) -> Secret {
        var key = Array("AWS4".utf8) + secretAccessKey.reveal()
        for part in scope.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            key = key.withUnsafeBytes {
                HMACSHA256.authenticate(UnsafeRawBufferPointer(rebasing: part), key: $0).bytes
            }
        }
        return Secret(key)
    }
}
