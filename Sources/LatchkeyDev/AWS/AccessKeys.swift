internal import LatchkeyAWS
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP

/// Whose signatures the stand-ins take.
struct AccessKeys {
    let id: String
    let secret: Secret
    /// Whether requests signed with another key pass unchecked.
    let acceptsForeign: Bool

    /// Throws the error AWS gives for a request that is not signed for `service` by this key now.
    func verify(_ request: HTTPRequest, service: String, now: WallTime) throws(AWSFault) {
        let signature = try SignatureVerification(request)
        if signature.accessKeyID != id {
            if acceptsForeign { return }
            throw SignatureVerification.unknownKey
        }
        try signature.verify(request, secrets: [secret], service: service, now: now)
    }
}

extension AWSFault {
    /// The error on the wire, as this service spells it.
    func response(from service: DevService) -> HTTPResponse {
        response(messageMember: service == .secretsManager ? "Message" : "message")
    }
}
