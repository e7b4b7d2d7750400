internal import LatchkeyAWS
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP

/// The access key whose signatures (Signature Version 4) the emulated AWS services accept.
struct AccessKeys {
    let id: String
    let secret: Secret
    /// Whether requests signed with another key are accepted without a check.
    let acceptsForeign: Bool

    /// Throws AWS's error for a request that is not signed with this key, for this service, at this time.
    func verify(_ request: HTTPRequest, service: String, now: WallTime) throws(AWSProtocolError) {
        try SignableRequest.withParts(of: request) { parts throws(AWSProtocolError) in
            let signature = try SignatureVerification(parts)
            if signature.accessKeyID != id {
                if acceptsForeign { return }
                throw SignatureVerification.unknownKey
            }
            try signature.checkHead(parts, isKnown: true, service: service, now: now)
            try signature.verify(parts, secrets: [secret], keys: SigningKeys(), now: now)
        }
    }
}
