package import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto

/// One caller of the callers file.
package struct CallerDefinition: Sendable {
    package let caller: Caller
    /// Without the secrets for signatures, which are in a file.
    package let credentials: CallerCredentials
    /// The file with the secret for signatures; nil for none.
    package let signingSecretPath: String?
    /// Where the caller is in the file, for messages.
    package let place: String

    static let members = [
        "id", "key_sha256", "scopes", "secrets", "profiles", "not_after", "sigv4_secret", "jwt", "tls", "unix",
    ]

    /// The id of a user whom the user namespace of the broker does not have (user_namespaces(7)).
    private static let overflowUser: Int64 = 65_534

    /// Reads an element of `callers`; nil if it has no id. What is wrong is in the reader.
    init?(_ reader: inout MemberReader, issuers: [JWTIssuer]) {
        guard let id = reader.text("id"), Self.isID(id) else {
            reader.checkMembers(Self.members)
            guard reader.isObject else { return nil }
            reader.reject(
                "id must be 1 to \(CallersFile.Limits.idBytes) characters of A-Z a-z 0-9 . _ - and begin with a letter or "
                    + "digit")
            return nil
        }
        reader.name = id
        reader.checkMembers(Self.members)
        caller = Caller(
            id: id, scopes: Self.scopes(&reader), secrets: SecretPatterns(Self.patterns(&reader)),
            profiles: ProfileGrant(
                reader.texts("profiles", most: CallersFile.Limits.names)?.map(\.text) ?? [ProfileGrant.defaultName]),
            notAfter: Self.end(&reader))
        var credentials = CallerCredentials()
        credentials.keys = Self.keys(&reader)
        credentials.tokens = Self.tokens(&reader, issuers)
        Self.readCertificate(&reader, &credentials)
        if var unix = reader.members("unix", known: ["uid"]) {
            let users = unix.numbers("uid", in: 0...Int64(UInt32.max) - 1, most: CallersFile.Limits.names)
            if users?.isEmpty ?? true, unix.problems.isEmpty { unix.reject("unix needs uid") }
            credentials.users = users?.map(\.0) ?? []
            if credentials.users.contains(UInt32(Self.overflowUser)) {
                unix.reject("uid \(Self.overflowUser) stands for every unknown user and cannot be a caller")
            }
            reader.problems += unix.problems
        }
        self.credentials = credentials
        signingSecretPath = reader.path("sigv4_secret")
        if !["key_sha256", "sigv4_secret", "jwt", "tls", "unix"].contains(where: { reader.value($0) != nil }) {
            reader.reject("has no credential: give key_sha256, sigv4_secret, jwt, tls or unix")
        }
        place = reader.place
    }

    /// Whether a caller can have this id.
    package static func isID(_ text: String) -> Bool {
        (1...CallersFile.Limits.idBytes).contains(text.utf8.count)
            && text.utf8.first.map(ASCII.isLetterOrDigit) ?? false
            && text.utf8.allSatisfy { ASCII.isLetterOrDigit($0) || "._-".utf8.contains($0) }
    }

    // MARK: Permissions

    private static func scopes(_ reader: inout MemberReader) -> Scopes {
        var scopes: Scopes = []
        for (text, value) in reader.texts("scopes", most: CallersFile.Limits.names) ?? [] {
            guard let scope = Scopes(named: text) else {
                reader.reject("scopes must be of \(Scopes.names.joined(separator: ", "))", at: value)
                continue
            }
            scopes.formUnion(scope)
        }
        if scopes.isEmpty, reader.problems.isEmpty {
            reader.reject("needs scopes, at least one of \(Scopes.names.joined(separator: ", "))")
        }
        return scopes
    }

    private static func patterns(_ reader: inout MemberReader) -> [String] {
        let texts = reader.texts("secrets", most: CallersFile.Limits.patterns) ?? []
        for (text, value) in texts where text == "!" { reader.reject("secrets: a pattern must follow !", at: value) }
        return texts.map(\.text)
    }

    private static func end(_ reader: inout MemberReader) -> WallTime? {
        guard let value = reader.value("not_after") else { return nil }
        if let time = value.string.flatMap({ RFC3339.parse($0) }) { return time }
        reader.reject("not_after must be a time such as 2027-06-30T00:00:00Z (RFC 3339)", at: value)
        return nil
    }

    // MARK: Credentials

    private static func keys(_ reader: inout MemberReader) -> [Digest] {
        var keys: [Digest] = []
        for (text, value) in reader.texts("key_sha256", most: CallersFile.Limits.keys) ?? [] {
            guard let digest = Digest(hex: text) else {
                reader.reject("key_sha256 must be SHA-256 digests of keys, 64 hexadecimal digits each", at: value)
                continue
            }
            if keys.contains(digest) { reader.reject("key_sha256 has a digest twice: remove one", at: value) }
            keys.append(digest)
        }
        return keys
    }

    private static func tokens(
        _ reader: inout MemberReader, _ issuers: [JWTIssuer]
    ) -> [CallerCredentials.TokenSubject] {
        guard var token = reader.members("jwt", known: ["issuer", "trust_domain", "sub"]) else { return [] }
        defer { reader.problems += token.problems }
        let (issuer, domain) = (token.text("issuer"), token.text("trust_domain"))
        guard let subject = token.text("sub") else {
            if token.problems.isEmpty { token.reject("jwt needs sub, the subject of its tokens") }
            return []
        }
        let found = issuers.first { candidate in
            switch candidate.identity {
            case .issuer(let own): return issuer.map { ExactText($0) == own } ?? false
            case .trustDomain(let own):
                guard issuer == nil, domain.map({ ExactText($0) == own }) ?? true else { return false }
                return subject.utf8.starts(with: "spiffe://\(own.text)/".utf8)
            }
        }
        guard let found, issuer == nil || domain == nil else {
            token.reject(
                "jwt must name an issuer of the list issuers, by issuer, or by a sub of spiffe:// and its trust_domain")
            return []
        }
        return [CallerCredentials.TokenSubject(issuer: found.identity, subject: TextPattern(subject, .plain))]
    }

    private static func readCertificate(_ reader: inout MemberReader, _ credentials: inout CallerCredentials) {
        guard var tls = reader.members("tls", known: ["uri", "dns"]) else { return }
        let most = CallersFile.Limits.names
        let (uris, names) = (tls.texts("uri", most: most, takesOne: true), tls.texts("dns", most: most, takesOne: true))
        credentials.uris = uris?.map(\.text) ?? []
        credentials.dnsNames = names?.map(\.text) ?? []
        if credentials.uris.isEmpty, credentials.dnsNames.isEmpty, tls.problems.isEmpty {
            tls.reject("tls needs uri or dns, a name of the certificate")
        }
        for (name, value) in (uris ?? []) + (names ?? []) where name.utf8.contains(UInt8(ascii: "*")) {
            tls.reject("tls takes whole names: * has no meaning in them", at: value)
        }
        reader.problems += tls.problems
    }
}
