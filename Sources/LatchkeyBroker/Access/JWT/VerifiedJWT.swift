package import LatchkeyCore
package import LatchkeyCrypto

/// What a token with a verified signature says. Its time limits are judged at each use.
package struct VerifiedJWT: Hashable, Sendable {
    /// The issuer whose key has signed the token.
    package let issuer: JWTIssuer.Identity
    /// The claim `sub`.
    package let subject: ExactText
    /// The claim `exp`, without leeway.
    package let expires: WallTime
    /// The claim `nbf`; nil if there is none.
    package let notBefore: WallTime?
    /// The audience of the issuer when the token was verified.
    package let audience: ExactText
    /// The key that has verified the signature; nil for none.
    package let key: JSONWebKey?

    package init(
        issuer: JWTIssuer.Identity, subject: ExactText, expires: WallTime, notBefore: WallTime? = nil,
        audience: ExactText = ExactText(""), key: JSONWebKey? = nil
    ) {
        self.issuer = issuer
        self.subject = subject
        self.expires = expires
        self.notBefore = notBefore
        self.audience = audience
        self.key = key
    }

    /// Checks the claims that do not depend on the time.
    ///
    /// - Parameter key: the key that has verified the signature.
    init(_ claims: JSONValue, of issuer: JWTIssuer, key: JSONWebKey) throws(JWTRejection) {
        guard let subject = claims["sub"]?.string, !subject.isEmpty, let expires = claims["exp"]?.numericDate else {
            throw .claims
        }
        switch issuer.identity {
        case .issuer(let name):
            guard let named = claims["iss"]?.string, ExactText(named) == name else { throw .issuer }
        case .trustDomain(let domain):
            guard SPIFFEID.trustDomain(subject) == domain else { throw .issuer }
        }
        if let notBefore = claims["nbf"] {
            guard let date = notBefore.numericDate else { throw .claims }
            self.notBefore = date
        } else {
            notBefore = nil
        }
        guard Self.audiences(claims["aud"]).contains(issuer.audience) else { throw .audience }
        self.issuer = issuer.identity
        self.subject = ExactText(subject)
        self.expires = expires
        audience = issuer.audience
        self.key = key
    }

    /// Why the token is not valid at this time; nil if it is (RFC 7519 §4.1.4, §4.1.5).
    package func rejection(at now: WallTime) -> JWTRejection? {
        if now >= expires + JWTVerifier.leeway { return .expired }
        if let notBefore, now + JWTVerifier.leeway < notBefore { return .notYetValid }
        return nil
    }

    /// One text or a list of texts (RFC 7519 §4.1.3); none for anything else.
    private static func audiences(_ claim: JSONValue?) -> [ExactText] {
        if let text = claim?.string { return [ExactText(text)] }
        let texts = claim?.elements?.map(\.string) ?? []
        return texts.contains(nil) ? [] : texts.compactMap { $0.map { ExactText($0) } }
    }
}
