internal import LatchkeyAWS
internal import LatchkeyBroker
internal import LatchkeyCrypto

/// What the head of a signed request has shown: the signer is known, and scope and time are valid. The signature covers
/// the body, so it is verified once the body is complete.
final class SignedHead {
    let target: AWSTarget
    let signature: SignatureVerification
    /// The secrets that may have signed the request; two during a rotation.
    let secrets: [Secret]
    /// Who has signed the request, if its signature verifies.
    let claimed: AuthenticatedCaller?

    init(
        _ target: AWSTarget, _ signature: SignatureVerification, secrets: [Secret], claimed: AuthenticatedCaller?
    ) {
        self.target = target
        self.signature = signature
        self.secrets = secrets
        self.claimed = claimed
    }

    /// The service that the scope of the signature must name.
    static func service(_ target: AWSTarget, _ signature: SignatureVerification) -> String {
        target.service?.rawValue ?? signature.service
    }
}
