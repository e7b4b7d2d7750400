internal import LatchkeyCore

/// An issuer of tokens that callers may be known by.
package struct IssuerDefinition: Equatable, Sendable {
    /// Where the issuer's key set is.
    package enum KeySet: Equatable, Sendable {
        case file(path: String)
        /// An `https` URL.
        case url(String)
    }

    /// The value of `iss` in its tokens; nil for a trust domain.
    package let issuer: String?
    /// The SPIFFE trust domain whose tokens have a `sub` of `spiffe://trustDomain/…`; nil for an issuer.
    package let trustDomain: String?
    package let keySet: KeySet
    /// The value that `aud` must have.
    package let audience: String
    /// The file of the certificates that the server of the key set is verified with; nil for the system's.
    package let authorities: String?
    /// The file with the bearer token that the key set is requested with; nil for none.
    package let bearer: String?

    static let members = ["issuer", "trust_domain", "jwks", "audience", "ca", "bearer"]

    /// The name by which callers refer to it.
    package var name: String { issuer ?? trustDomain ?? "" }

    /// The files that it names.
    package var files: [String] {
        let keys: String? = if case .file(let path) = keySet { path } else { nil }
        return [keys, authorities, bearer].compactMap { $0 }
    }

    /// Reads an element of `issuers`; nil if it has no name or key set. What is wrong is in the reader.
    init?(_ reader: inout MemberReader) {
        let (issuer, trustDomain) = (reader.text("issuer"), reader.text("trust_domain"))
        reader.name = (issuer ?? trustDomain).map { "issuer \(MemberReader.shown($0))" } ?? "issuer"
        reader.checkMembers(Self.members)
        guard reader.isObject else { return nil }
        self.issuer = issuer
        self.trustDomain = trustDomain
        switch (issuer, trustDomain) {
        case (nil, nil): reader.reject("needs issuer or trust_domain")
        case (.some, .some): reader.reject("must have one of issuer and trust_domain")
        default: break
        }
        if let trustDomain, !Self.isTrustDomain(trustDomain) {
            reader.reject("trust_domain must be lower-case letters, digits, dots, dashes and underscores")
        }
        if reader.value("audience") == nil { reader.reject("needs audience, the aud of tokens for this broker") }
        audience = reader.text("audience") ?? ""
        let path = reader.text("ca")
        authorities = path.map { FileReference.path($0) ?? $0 }
        if let authorities, !authorities.hasPrefix("/") { reader.reject("ca must be an absolute path") }
        bearer = reader.path("bearer")
        guard let keySet = Self.keySet(&reader), issuer ?? trustDomain != nil else { return nil }
        self.keySet = keySet
        if case .file = keySet, authorities != nil || bearer != nil {
            reader.reject("ca and bearer are for a key set at a URL: remove them, or set jwks to the URL")
        }
    }

    private static func keySet(_ reader: inout MemberReader) -> KeySet? {
        guard reader.value("jwks") != nil else {
            reader.reject("needs jwks, the issuer's key set: file: and a path, or an https URL")
            return nil
        }
        guard let text = reader.text("jwks", most: maxURLBytes) else { return nil }
        if let path = FileReference.path(text) { return .file(path: path) }
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
