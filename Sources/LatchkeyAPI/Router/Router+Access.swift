internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics

// Who the caller is, decided once, from the head.
extension Router {
    /// The outcome of looking for a request's credential. It has no references, so that it costs no reference counts.
    enum Identity {
        case caller(AuthenticatedCaller)
        case failed(AuthFailure)
        /// A token names a key that the key set of ``Router/missingKeyIssuer`` lacks, which may have been published since it
        /// was read.
        case keyMissing
    }

    /// Authenticates the caller, and checks that it may use the route and the method.
    ///
    /// Two things need the body, which is read afterwards: the credentials of an OAuth client that are not in the head,
    /// and the signature of an AWS client.
    func authorize(_ request: inout APIRequest) throws(Refusal) {
        let (context, entry) = (request.context, request.entry)
        if context.isOverCapacity, entry.access != .open { throw .problem(Problem(ServerRejection.overloaded)) }
        keys.follow()
        if case .key(let scope) = entry.access {
            guard let caller = try take(bearer(context), &request) else { throw .problem(.noCaller) }
            guard caller.opens(scope) else { throw missingScope("this key may not do that", &request) }
        }
        guard entry.methods.contains(request.method) else {
            var problem = Problem(405, .methodNotAllowed, "\(entry.path) takes \(entry.allow)")
            problem.allow = entry.allow
            throw .problem(problem)
        }
        switch entry.access {
        case .open, .key: break
        case .token(let scope):
            guard let caller = try take(tokenCaller(context), &request) else {
                throw .problem(
                    Problem(
                        401, .unauthorized,
                        "a valid key is needed in \(ExtensionToken.allFields), or in Authorization: Bearer <key>"))
            }
            guard caller.opens(scope) else { throw missingScope("this key does not open secrets", &request) }
        case .client: try authorizeClient(&request)
        case .signed: try authorizeSigner(&request)
        }
    }

    /// Decides what happens to the body of an authorized request.
    func bodyAdmission(_ request: borrowing APIRequest) throws(Refusal) -> BodyAdmission {
        switch request.entry.access {
        case .client:
            let isKnown = request.credentials.caller != nil
            return .keep(limit: .max, identifyWithin: isKnown ? nil : ServerLimits.unauthenticatedBodyBytes)
        case .signed:
            try limitSignedBody(request)
            return .keep(limit: ServerLimits.signedBodyBytes, identifyWithin: nil)
        case .open, .key, .token:
            do throws(Problem) {
                _ = try request.query()
            } catch {
                throw .problem(error)
            }
            return request.entry.route == .tokenRejected ? .keep(limit: .max, identifyWithin: nil) : .skip
        }
    }

    private func missingScope(_ detail: String, _ request: inout APIRequest) -> Refusal {
        noteMissingScope(&request)
        return .problem(Problem(403, .forbidden, detail))
    }

    /// Counts a request of a caller who may not use the route.
    func noteMissingScope(_ request: inout APIRequest) {
        services.metrics.authFailure(.scope)
        request.credentials.failure = .scope
        request.credentials.decision = .denied(.scope)
        count(.denied, request)
    }

    /// Keeps the caller, or counts a request without a valid credential.
    ///
    /// - Throws: that the key set of an issuer must be read first.
    private func take(_ identity: Identity, _ request: inout APIRequest) throws(Refusal) -> AuthenticatedCaller? {
        switch identity {
        case .caller(let caller):
            request.credentials.caller = caller
            return caller
        case .failed(let reason):
            noteUnknownCaller(&request, reason)
            return nil
        case .keyMissing:
            if !request.context.isRepeated, let issuer = missingKeyIssuer { throw .keyMissing(issuer) }
            noteUnknownCaller(&request, .unknown)
            return nil
        }
    }

    /// The caller that the credential of `Authorization: Bearer <credential>` belongs to (RFC 6750 §2.1). The scheme is
    /// case-insensitive (RFC 9110 §11.1). Without the field, the caller that the connection belongs to.
    func bearer(_ context: RequestContext) -> Identity {
        guard context.head.authorization.isPresent else { return connectionCaller(context) }
        guard let key = Self.bearerCredential(context) else {
            return .failed(context.slice(context.head.authorization).isEmpty ? .missing : .malformed)
        }
        return keyCaller(key)
    }

    /// What follows `Bearer ` in the `Authorization` field; nil if the field has another form.
    static func bearerCredential(_ context: RequestContext) -> UnsafeRawBufferPointer? {
        let value = context.slice(context.head.authorization)
        guard value.count > 7, Grammar.equals(UnsafeRawBufferPointer(rebasing: value[..<7]), folded: "bearer ") else {
            return nil
        }
        var key = UnsafeRawBufferPointer(rebasing: value[7...])
        while key.first == 0x20 { key = UnsafeRawBufferPointer(rebasing: key.dropFirst()) }
        return key
    }

    /// The caller by a field of ``ExtensionToken``, or by `Authorization: Bearer` if there is none. Only the first field
    /// present counts: a wrong key in it is not replaced by a valid one elsewhere.
    func tokenCaller(_ context: RequestContext) -> Identity {
        guard let token = ExtensionToken.field(of: context) else { return bearer(context) }
        return keyCaller(context.slice(token))
    }

    /// The caller of a key, or of a token if there are callers with tokens.
    private func keyCaller(_ key: UnsafeRawBufferPointer) -> Identity {
        let ring = keys.ring
        if ring.acceptsTokens, TokenIssuers.isToken(key) {
            let now = services.time.now().wall
            switch keySets.verify(key, at: now) {
            case .verified(let token): return Self.identity(ring.caller(with: token) { now })
            case .rejected(.expired): return .failed(.expired)
            case .rejected: return .failed(.unknown)
            case .keyMissing(let issuer, _):
                missingKeyIssuer = issuer
                return .keyMissing
            }
        }
        return Self.identity(ring.caller(presenting: key, verified: keys.verified) { services.time.now().wall })
    }

    /// The caller by the TLS certificate of the connection, or else by its Unix peer. Only without a credential in the
    /// request.
    func connectionCaller(_ context: RequestContext) -> Identity {
        let ring = keys.ring
        guard ring.acceptsConnections else { return .failed(.missing) }
        let now = { self.services.time.now().wall }
        if let peer = context.peer { return Self.identity(ring.caller(with: peer, now: now)) }
        guard let user = context.unixUser else { return .failed(.missing) }
        let identity = Self.identity(ring.caller(withUser: user, now: now))
        // A user without a caller has shown no credential, as on a connection over TCP.
        if case .failed(.unknown) = identity { return .failed(.missing) }
        return identity
    }

    private static func identity(_ authentication: Authentication) -> Identity {
        switch authentication {
        case .caller(let caller): .caller(caller)
        case .unknown: .failed(.unknown)
        case .expired: .failed(.expired)
        case .ambiguous: .failed(.ambiguous)
        }
    }

    /// The credential of an authorized request to a native route, to check it again later.
    func presentedCredential(_ request: borrowing APIRequest) -> PresentedCredential? {
        let context = request.context
        switch request.credentials.caller?.credential {
        case nil, .sigv4: return nil
        case .key: return Self.bearerCredential(context).map { .key(SHA256.hash($0)) }
        case .jwt:
            guard let token = Self.bearerCredential(context),
                case .verified(let verified) = keySets.verify(token, at: services.time.now().wall)
            else { return nil }
            return .token(verified)
        case .tls: return context.peer.map { .certificate($0) }
        case .unix: return context.unixUser.map { .user($0) }
        }
    }

    /// Counts a request without a valid credential, tells the server not to keep its connection open, and delays the answer
    /// if there are many.
    ///
    /// - Parameter id: the caller id that the request claims.
    func noteUnknownCaller(_ request: inout APIRequest, _ reason: AuthFailure, claiming id: String? = nil) {
        request.credentials.failure = reason
        noteFailure(request.context, reason, claiming: id)
    }

    /// Does the same for a request without a route. A request without any credential is no guess, and is not delayed: some
    /// clients send one first, to learn the scheme (RFC 9110 §11.6.1).
    func noteFailure(_ context: RequestContext, _ reason: AuthFailure, claiming id: String? = nil) {
        services.metrics.authFailure(reason)
        context.isUnauthenticated = true
        if reason != .missing { services.failures.failed(context, claiming: id) }
    }
}
