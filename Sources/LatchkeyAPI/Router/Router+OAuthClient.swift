internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics

// Who the OAuth client is, from the head, from the first part of a long body, or from a whole short body.
extension Router {
    /// Authenticates an OAuth client that has Basic credentials. Else the credentials are in the body.
    func authorizeClient(_ request: inout APIRequest) throws(Refusal) {
        do throws(OAuthError) {
            do throws(Problem) {
                _ = try request.query()
            } catch {
                throw OAuthError(error)
            }
            let client = OAuthClient(basic: request.context.slice(request.context.head.authorization))
            // Another scheme does not identify the client. Together with credentials in the body it is an error.
            guard case .presented = client else { return }
            try authenticate(client, &request)
            try requireScope(&request)
        } catch {
            throw .oauth(error)
        }
    }

    /// Looks for valid credentials in the first part of a longer body.
    func identifyClient(_ request: consuming APIRequest, _ writer: consuming ReplyWriter) -> Identification {
        let context = request.context
        do throws(OAuthError) {
            let grant = try OAuthTokenRequest(
                contentType: contentType(context), authorization: UnsafeRawBufferPointer?.none,
                body: OAuthBodyPrefix.closed(context.body))
            if case .absent = grant.client {
                noteUnknownCaller(&request, .missing)
                throw OAuthError(
                    Problem(
                        413, .payloadTooLarge,
                        "client_id and client_secret must be within the first \(ServerLimits.unauthenticatedBodyBytes) bytes"
                    ))
            }
            try authenticate(grant.client, &request)
            try requireScope(&request)
            return identification(of: request)
        } catch {
            context.isUnauthenticated = true
            let receipt = error.write(to: APIReply(writer, request.id))
            return .answered(recording(receipt, of: request))
        }
    }

    /// Who continues with a request whose client is known.
    private func identification(of request: borrowing APIRequest) -> Identification {
        let (entry, id) = (request.entry, request.id)
        return .identified { [self] in answer(admitted: APIRequest($0, entry, id), $1) }
    }

    /// Sets the caller that the credentials belong to.
    func authenticate(_ client: OAuthClient, _ request: inout APIRequest) throws(OAuthError) {
        switch client {
        case .absent:
            noteUnknownCaller(&request, .missing)
            throw OAuthError(
                .invalidClient,
                "authenticate with client_id and client_secret, in the body or with Basic authentication")
        case .unreadable:
            noteUnknownCaller(&request, .malformed)
            throw OAuthError(.invalidClient, "the authorization field does not have valid Basic credentials")
        case .presented(let readings):
            keys.follow()
            var failure = AuthFailure.unknown
            for reading in readings {
                let found = reading.secret.withBytes { secret in
                    keys.ring.caller(named: reading.id, presenting: secret) { services.time.now().wall }
                }
                if case .expired = found { failure = .expired }
                guard case .caller(let caller) = found, request.credentials.caller == nil else { continue }
                request.credentials.caller = caller
            }
            guard request.credentials.caller != nil else {
                noteUnknownCaller(&request, failure, claiming: readings.first?.id)
                throw OAuthError(.invalidClient, "no caller has this client_id and client_secret")
            }
        }
    }

    func requireScope(_ request: inout APIRequest) throws(OAuthError) {
        guard case .client(let scope) = request.entry.access, let caller = request.credentials.caller,
            caller.opens(scope)
        else {
            noteMissingScope(&request)
            throw OAuthError(.unauthorizedClient, "this client's key does not open tokens")
        }
    }

    func contentType(_ context: RequestContext) -> String? {
        let type = context.head.contentType
        return type.isPresent ? type.text(of: context.bytes) : nil
    }
}
