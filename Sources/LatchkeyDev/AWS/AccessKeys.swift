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
        let signature = try SignatureVerification(request)
        if signature.accessKeyID != id {
            if acceptsForeign { return }
            throw SignatureVerification.unknownKey
        }
        try signature.verify(request, secrets: [secret], service: service, now: now)
    }
}
