internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyMetrics

// Who the caller is, decided once, from the head.
extension Router {
    /// Authenticates the caller, and checks that it may use the route and the method.
    ///
    /// Two things need the body, which is read afterwards: the credentials of an OAuth client that are not in the head,
    /// and the signature of an AWS client.
    func authorize(_ request: inout APIRequest) throws(Refusal) {
        let (context, entry) = (request.context, request.entry)
        if context.isOverCapacity, entry.access != .open { throw .problem(Problem(ServerRejection.overloaded)) }
        if case .key(let scope) = entry.access {
            request.credentials.caller = bearer(context)
            guard let caller = request.credentials.caller else { throw .problem(Self.unauthorized) }
            guard caller.scopes.isSuperset(of: scope) else { throw missingScope("this key may not do that") }
        }
        guard entry.methods.contains(request.method) else {
            var problem = Problem(405, .methodNotAllowed, "\(entry.path) takes \(entry.allow)")
            problem.allow = entry.allow
            throw .problem(problem)
        }
        switch entry.access {
        case .open, .key: break
        case .token(let scope):
            request.credentials.caller = tokenCaller(context)
            guard let caller = request.credentials.caller else {
                throw .problem(
                    Problem(
                        401, .unauthorized,
                        "a valid key is needed in \(ExtensionToken.allFields), or in Authorization: Bearer <key>"))
            }
            guard caller.scopes.isSuperset(of: scope) else { throw missingScope("this key does not open secrets") }
        case .client: try authorizeClient(&request)
        case .signed(let scope): try authorizeSigner(&request, scope)
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

    private func missingScope(_ detail: String) -> Refusal {
        services.metrics.authFailure(.scope)
        return .problem(Problem(403, .forbidden, detail))
    }

    /// The caller that the key of `Authorization: Bearer <key>` belongs to (RFC 6750 §2.1). The scheme is
    /// case-insensitive (RFC 9110 §11.1).
    private func bearer(_ context: RequestContext) -> Caller? {
        let value = context.slice(context.head.authorization)
        guard value.count > 7, Grammar.equals(UnsafeRawBufferPointer(rebasing: value[..<7]), folded: "bearer ") else {
            noteUnknownCaller(context, value.isEmpty ? .missing : .malformed)
            return nil
        }
        var key = UnsafeRawBufferPointer(rebasing: value[7...])
        while key.first == 0x20 { key = UnsafeRawBufferPointer(rebasing: key.dropFirst()) }
        let caller = keys.caller(presenting: key)
        if caller == nil { noteUnknownCaller(context, .unknown) }
        return caller
    }

    /// The caller by a field of ``ExtensionToken``, or by `Authorization: Bearer` if there is none. Only the first field
    /// present counts: a wrong key in it is not replaced by a valid one elsewhere.
    func tokenCaller(_ context: RequestContext) -> Caller? {
        guard let token = ExtensionToken.field(of: context) else { return bearer(context) }
        let caller = keys.caller(presenting: context.slice(token))
        if caller == nil { noteUnknownCaller(context, .unknown) }
        return caller
    }

    /// Counts a request without a valid credential, and tells the server not to keep its connection open.
    func noteUnknownCaller(_ context: RequestContext, _ reason: AuthFailure) {
        services.metrics.authFailure(reason)
        context.isUnauthenticated = true
    }

    static let unauthorized = Problem(401, .unauthorized, "a valid key is needed in authorization: bearer <key>")
}
