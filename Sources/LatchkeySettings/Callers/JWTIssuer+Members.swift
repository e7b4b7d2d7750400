internal import LatchkeyBroker
internal import LatchkeyCore

extension JWTIssuer {
    static let members = ["issuer", "trust_domain", "jwks", "audience", "ca", "bearer"]

    /// Reads an element of `issuers`; nil if it has no name or key set. What is wrong is in the reader.
    init?(_ reader: inout MemberReader) {
        let (issuer, trustDomain) = (reader.text("issuer"), reader.text("trust_domain"))
        reader.name = (issuer ?? trustDomain).map { "issuer \(MemberReader.shown($0))" } ?? "issuer"
        reader.checkMembers(Self.members)
        guard reader.isObject else { return nil }
        switch (issuer, trustDomain) {
        case (nil, nil): reader.reject("needs issuer or trust_domain")
        case (.some, .some): reader.reject("must have one of issuer and trust_domain")
        default: break
        }
        if let trustDomain, !Self.isTrustDomain(trustDomain) {
            reader.reject("trust_domain must be lower-case letters, digits, dots, dashes and underscores")
        }
        if reader.value("audience") == nil { reader.reject("needs audience, the aud of tokens for this broker") }
        let audience = reader.text("audience") ?? ""
        let path = reader.text("ca")
        let authorities = path.map { FileReference.path($0) ?? $0 }
        if let authorities, !authorities.hasPrefix("/") { reader.reject("ca must be an absolute path") }
        let bearer = reader.path("bearer")
        let identity: Identity? =
            issuer.map { .issuer(ExactText($0)) } ?? trustDomain.map { .trustDomain(ExactText($0)) }
        guard let keys = Self.keySource(&reader), let identity else { return nil }
        if case .file = keys, authorities != nil || bearer != nil {
            reader.reject("ca and bearer are for a key set at a URL: remove them, or set jwks to the URL")
        }
        self.init(
            identity, keys: keys, audience: ExactText(audience), authorities: authorities, bearer: bearer)
    }

    private static func keySource(_ reader: inout MemberReader) -> KeySource? {
        guard reader.value("jwks") != nil else {
            reader.reject("needs jwks, the issuer's key set: file: and a path, or an https URL")
            return nil
        }
        guard let text = reader.text("jwks", most: maxURLBytes) else { return nil }
        if let path = FileReference.path(text) { return .file(path) }
        if text.hasPrefix("https://"), text.utf8.count > "https://".utf8.count, text.utf8.allSatisfy(ASCII.isVisible) {
            return .url(text)
        }
        reader.reject("jwks must be file: and an absolute path, or an https URL", at: reader.value("jwks"))
        return nil
    }

    /// The most bytes in the URL of a key set.
    private static let maxURLBytes = 2_048

    /// The characters of a trust domain (SPIFFE ID §2.1).
    private static func isTrustDomain(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 >= 0x61 && $0 <= 0x7A || ASCII.isDigit($0) || "._-".utf8.contains($0) }
    }
}
