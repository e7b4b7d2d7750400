package import LatchkeyCore
package import LatchkeyCrypto

/// The accepted credentials and the caller of each, at one time. Pure.
///
/// A class, so that a worker passes it on with one reference.
package final class KeyRing: Sendable {
    /// One caller.
    package struct Entry: Sendable {
        package let caller: Caller
        package let credentials: CallerCredentials
        /// The ordinal of the caller in the metrics.
        package let label: UInt8

        package init(_ caller: Caller, _ credentials: CallerCredentials, label: UInt8 = 0) {
            self.caller = caller
            self.credentials = credentials
            self.label = label
        }
    }

    /// What a request needs of a caller, without references.
    private struct Facts: Sendable {
        let scopes: Scopes
        let label: UInt8
        let isUnrestricted: Bool
        let hasDefaultProfile: Bool
        let hasEnd: Bool
        let end: WallTime
    }

    package let mode: PolicyMode
    /// Whether callers may have tokens of an issuer.
    package let acceptsTokens: Bool
    /// Whether callers may be known by their connection: by a certificate or a Unix user.
    package let acceptsConnections: Bool
    private let callers: [Caller]
    private let facts: [Facts]
    private let keys: KeyTable
    private let names: CertificateNames
    private let users: [UInt32: Int]
    private let tokens: [(subject: CallerCredentials.TokenSubject, owner: Int)]
    private let ids: [ExactText: Int]
    /// The last use of each caller. A ring takes them over from the ring before it.
    private let uses: [CallerUse]
    private let signingSecrets: [[Secret]]

    /// - Parameters:
    ///   - entries: the callers. No credential belongs to two of them.
    ///   - previous: the ring that this one replaces. Callers with the same id keep their last use.
    package init(_ entries: [Entry], mode: PolicyMode = .enforce, after previous: KeyRing? = nil) {
        self.mode = mode
        callers = entries.map(\.caller)
        facts = entries.map { entry in
            Facts(
                scopes: entry.caller.scopes, label: entry.label, isUnrestricted: entry.caller.isUnrestricted,
                hasDefaultProfile: entry.caller.profiles.contains(ProfileGrant.defaultName),
                hasEnd: entry.caller.notAfter != nil, end: entry.caller.notAfter ?? WallTime(milliseconds: .max))
        }
        let credentials = entries.map(\.credentials)
        keys = KeyTable(
            credentials.enumerated().flatMap { index, own in own.keys.map { (digest: $0, owner: index) } })
        names = CertificateNames(credentials)
        users = Dictionary(
            credentials.enumerated().flatMap { index, own in own.users.map { ($0, index) } },
            uniquingKeysWith: { first, _ in first })
        tokens = credentials.enumerated().flatMap { index, own in own.tokens.map { (subject: $0, owner: index) } }
        ids = Dictionary(
            callers.enumerated().map { (ExactText($1.id), $0) }, uniquingKeysWith: { first, _ in first })
        uses = callers.map { caller in previous?.use(of: caller.id) ?? CallerUse() }
        signingSecrets = credentials.map(\.signingSecrets)
        acceptsTokens = !tokens.isEmpty
        acceptsConnections = !names.isEmpty || !users.isEmpty
    }

    /// The caller that was authenticated with this ring; nil if it was with another one, which had more callers.
    package func caller(_ caller: AuthenticatedCaller) -> Caller? {
        let index = Int(caller.index)
        return callers.indices.contains(index) ? callers[index] : nil
    }

    /// The caller, for its share of what is limited.
    package func requester(_ caller: AuthenticatedCaller) -> Requester {
        Requester(id: self.caller(caller)?.id ?? "", isAlone: callers.count == 1)
    }

    /// What the caller may have.
    package func access(of caller: AuthenticatedCaller) -> CallerAccess {
        if caller.isUnrestricted { return .unrestricted }
        return self.caller(caller).map { CallerAccess($0, mode) } ?? CallerAccess(Caller(id: "", scopes: []), .enforce)
    }

    // MARK: Last use

    private func use(of id: String) -> CallerUse? { ids[ExactText(id)].map { uses[$0] } }

    /// Notes that the caller has presented a valid credential.
    package func noteUse(by caller: AuthenticatedCaller, at now: MonotonicTime) {
        let index = Int(caller.index)
        if index < uses.count { uses[index].note(now) }
    }

    /// When each caller has last presented a valid credential, to the second; nil for not yet.
    package func lastUses(_ now: Now) -> [(id: String, time: WallTime?)] {
        zip(callers, uses).map { caller, use in (caller.id, use.last.map { now.wall + ($0 - now.monotonic) }) }
    }

    // MARK: Authentication

    /// The caller whose key was presented.
    package func caller(presenting key: UnsafeRawBufferPointer, now: () -> WallTime) -> Authentication {
        caller(presenting: SHA256.hash(key), now: now)
    }

    /// The caller whose key was presented.
    ///
    /// - Parameter verified: the keys that were found in this ring before. It remembers a further one.
    package func caller(
        presenting key: UnsafeRawBufferPointer, verified: VerifiedKeys, now: () -> WallTime
    ) -> Authentication {
        if let index = verified.owner(of: key) { return authenticated(index, .key, now) }
        guard let index = keys.owner(of: SHA256.hash(key)) else { return .unknown }
        let authentication = authenticated(index, .key, now)
        if case .caller = authentication { verified.insert(key, owner: index) }
        return authentication
    }

    /// The caller whose key was presented, if it is one of `verified`. Its end is checked; nothing is hashed.
    package func caller(
        presenting key: UnsafeRawBufferPointer, among verified: VerifiedKeys, now: () -> WallTime
    ) -> Authentication {
        verified.owner(of: key).map { authenticated($0, .key, now) } ?? .unknown
    }

    /// The caller that the key with this digest belongs to.
    package func caller(presenting digest: Digest, now: () -> WallTime) -> Authentication {
        guard let index = keys.owner(of: digest) else { return .unknown }
        return authenticated(index, .key, now)
    }

    /// The caller with that id, if the presented key is one of its own. Ids are not secret.
    package func caller(named id: String, presenting key: UnsafeRawBufferPointer, now: () -> WallTime) -> Authentication
    {
        guard let index = keys.owner(of: SHA256.hash(key)), callers[index].id.hasSameBytes(as: id) else {
            return .unknown
        }
        return authenticated(index, .key, now)
    }

    /// The caller with that id, and the secrets that it may have signed with.
    package func signer(named id: String, now: () -> WallTime) -> (caller: Authentication, secrets: [Secret]) {
        guard let index = ids[ExactText(id)], !signingSecrets[index].isEmpty else { return (.unknown, []) }
        return (authenticated(index, .sigv4, now), signingSecrets[index])
    }

    /// The caller whose certificate was shown on the connection. The TLS library has verified it then; its expiry is
    /// checked at each use.
    package func caller(with peer: PeerIdentity, now: () -> WallTime) -> Authentication {
        let found = names.callers(of: peer)
        guard let index = found.first else { return .unknown }
        if found.count > 1 { return .ambiguous }
        return now() < peer.expiry ? authenticated(index, .tls, now) : .expired
    }

    /// The caller that is this Unix user.
    package func caller(withUser user: UInt32, now: () -> WallTime) -> Authentication {
        users[user].map { authenticated($0, .unix, now) } ?? .unknown
    }

    /// The caller that is the subject of a verified token.
    package func caller(with token: VerifiedJWT, now: () -> WallTime) -> Authentication {
        let owner = tokens.first {
            $0.subject.issuer == token.issuer && $0.subject.subject.matches(token.subject.text)
        }
        guard let owner else { return .unknown }
        return token.rejection(at: now()) == nil ? authenticated(owner.owner, .jwt, now) : .expired
    }

    /// - Parameter now: called only for a caller whose credentials end.
    private func authenticated(_ index: Int, _ credential: CredentialKind, _ now: () -> WallTime) -> Authentication {
        let facts = facts[index]
        if facts.hasEnd, now() >= facts.end { return .expired }
        return .caller(
            AuthenticatedCaller(
                index: Int32(truncatingIfNeeded: index), scopes: facts.scopes, credential: credential,
                label: facts.label,
                isUnrestricted: facts.isUnrestricted, hasDefaultProfile: facts.hasDefaultProfile))
    }
}

extension KeyRing.Entry {
    /// The holder of `LATCHKEY_API_KEY`. Each of its keys is also a signing secret.
    package static func `default`(_ keys: [Secret], label: UInt8 = 0) -> Self {
        var credentials = CallerCredentials()
        credentials.keys = keys.map { key in key.withBytes { SHA256.hash($0) } }
        credentials.signingSecrets = keys
        return Self(.default, credentials, label: label)
    }
}
