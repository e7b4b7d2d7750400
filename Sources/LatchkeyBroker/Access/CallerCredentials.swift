package import LatchkeyCrypto

/// The credentials of one caller.
package struct CallerCredentials: Sendable {
    /// The subjects of an issuer's tokens that are the caller.
    package struct TokenSubject: Hashable, Sendable {
        package let issuer: JWTIssuer.Identity
        package let subject: TextPattern

        package init(issuer: JWTIssuer.Identity, subject: TextPattern) {
            self.issuer = issuer
            self.subject = subject
        }
    }

    /// The digests of its keys; several during a rotation.
    package var keys: [Digest] = []
    /// Its secrets for signatures; several during a rotation. They are kept in the clear, because a digest cannot verify
    /// a signature.
    package var signingSecrets: [Secret] = []
    package var tokens: [TokenSubject] = []
    /// The URIs in its certificates' subjectAltName.
    package var uris: [String] = []
    /// The DNS names in them. They are compared without regard to ASCII case (RFC 4343).
    package var dnsNames: [String] = []
    /// The ids of its Unix users.
    package var users: [UInt32] = []

    package init() {}
}
