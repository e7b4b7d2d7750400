internal import LatchkeyAudit
internal import LatchkeyBroker
internal import LatchkeyCore
package import LatchkeyHTTP
internal import LatchkeyMetrics

/// The router of one worker: finds the route, authenticates the caller and calls the endpoint.
///
/// It is confined to its worker's thread, so its state between requests needs no lock. A hit is answered inside
/// ``handle(_:_:)``; on a miss the broker gets a ``DeferredAnswer``.
package final class Router {
    let services: EndpointServices
    var grantedScopes = GrantedScopes()
    var keys: LiveKeys.Copy
    var keySets: LiveKeySets.Copy
    /// The issuer of the last token with ``Identity/keyMissing``.
    var missingKeyIssuer: JWTIssuer?
    var profiles: ProfileNames.Copy
    var ids = RequestIDs()
    private let routes = RouteTable.entries
    /// ``AnswerRecorder/keepsNames``, without a reference.
    let keepsNames: Bool
    /// What the audit lines of hits have in common.
    var hitLines = HitLines()

    /// The functions that the server calls for a worker's connections, over a new router.
    package static func requestHandler(_ services: EndpointServices) -> RequestHandler {
        var services = services
        let audit = services.audit.map { AnswerAudit($0, $0.claimWorker(), time: services.time) }
        services.recorder = services.recorder.writing(to: audit)
        let router = Router(services)
        let commit = audit.map { ReplyCommit(commit: $0.commit, refuse: refuseUncommitted) }
        return RequestHandler(admit: router.admit, answer: router.handle, commit: commit)
    }

    /// Answers in place of a reply whose audit line cannot be written.
    private static func refuseUncommitted(
        _ rendered: UnsafeRawBufferPointer, _ kind: Int, _ writer: consuming ReplyWriter
    ) -> ReplyReceipt {
        var ids = RequestIDs()
        let id = RequestID(of: rendered) ?? ids.next()
        return Refusal.problem(auditUnavailable).write(for: Route(rawValue: kind) ?? .other, to: APIReply(writer, id))
    }

    private init(_ services: EndpointServices) {
        self.services = services
        keepsNames = services.recorder.keepsNames
        keys = LiveKeys.Copy(services.keys)
        keySets = LiveKeySets.Copy(services.tokenIssuers.keySets)
        profiles = ProfileNames.Copy(services.tokens.names)
    }

    // MARK: Requests

    /// Answers a request without a body.
    func handle(_ context: RequestContext, _ writer: consuming ReplyWriter) -> ReplyReceipt {
        if let hit = hit(context) { return answer(hit, context, writer) }
        let id = ids.next(context.slice(context.head.requestID))
        let reply = APIReply(writer, id)
        guard let entry = entry(for: context) else {
            return handleUnknownRoute(context, reply)
        }
        var request = APIRequest(context, entry, id)
        do throws(Refusal) {
            try requireService(context, entry.route)
            try authorize(&request)
        } catch .keyMissing(let issuer) {
            return readKeySet(of: issuer, context, reply)
        } catch {
            return recording(error.write(for: entry.route, to: reply), of: request)
        }
        let receipt = answer(&request, reply)
        return recording(receipt, of: request)
    }

    /// Decides from its head whether the body of a request is read. A refused request is answered here, before any of
    /// its body is kept; an admitted one keeps its caller.
    func admit(_ context: RequestContext, _ writer: consuming ReplyWriter) -> Admission {
        guard let entry = entry(for: context), entry.access != .open else {
            // Unknown routes and probes do not use the body.
            return .answered(handle(context, writer))
        }
        let id = ids.next(context.slice(context.head.requestID))
        let reply = APIReply(writer, id)
        var request = APIRequest(context, entry, id)
        do throws(Refusal) {
            try requireService(context, entry.route)
            try authorize(&request)
            return .admitted(try admission(of: request))
        } catch .keyMissing(let issuer) {
            return .answered(readKeySet(of: issuer, context, reply))
        } catch {
            return .answered(recording(error.write(for: entry.route, to: reply), of: request))
        }
    }

    /// Reads the key set of an issuer again, and then handles the request once more, at the latest when a caller has waited
    /// long enough. Callers share that read, and it is made at most once a minute.
    private func readKeySet(
        of issuer: JWTIssuer, _ context: RequestContext, _ reply: consuming APIReply
    ) -> ReplyReceipt {
        let (readAgain, time) = (services.tokenIssuers.readAgain, services.time)
        let deadline = time.now().monotonic + services.callerTimeout
        return reply.again(context) { deferred in
            Task {
                // The second call has no effect.
                let timer = Task {
                    await time.sleep(deadline)
                    deferred.resume()
                }
                _ = await readAgain(issuer)
                timer.cancel()
                deferred.resume()
            }
        }
    }

    /// What happens to the body of an authorized request, and who continues with it.
    private func admission(of request: borrowing APIRequest) throws(Refusal) -> AdmittedRequest {
        let (entry, id, credentials) = (request.entry, request.id, request.credentials)
        return AdmittedRequest(
            body: try bodyAdmission(request),
            identify: { [self] in identifyClient(APIRequest($0, entry, id, credentials), $1) },
            answer: { [self] in answer(admitted: APIRequest($0, entry, id, Credentials()), $1) })
    }

    /// Answers a request with a body that was admitted before its body was complete.
    ///
    /// Access is decided again, because a caller may send its body slowly. Meanwhile its key may be withdrawn, and its
    /// credential may end.
    func answer(admitted request: consuming APIRequest, _ writer: consuming ReplyWriter) -> ReplyReceipt {
        let reply = APIReply(writer, request.id)
        do throws(Refusal) {
            try authorize(&request)
        } catch .keyMissing {
            noteUnknownCaller(&request, .unknown)
            return recording(Refusal.problem(.noCaller).write(for: request.entry.route, to: reply), of: request)
        } catch {
            return recording(error.write(for: request.entry.route, to: reply), of: request)
        }
        let receipt = answer(&request, reply)
        return recording(receipt, of: request)
    }

    /// The route of the path, if the listener of the connection has it.
    @inline(__always)
    private func entry(for context: RequestContext) -> RouteTable.Entry? {
        guard let entry = RouteTable.find(context.slice(context.head.path), in: routes) else { return nil }
        return !context.listener.isProbe || entry.isForProbes ? entry : nil
    }

    /// 404 for authenticated callers, else 401. The path may be a mistyped one of any route, so every way to present a
    /// key counts. On the probe listener it is 404 for everybody.
    private func handleUnknownRoute(_ context: RequestContext, _ reply: consuming APIReply) -> ReplyReceipt {
        var caller: AuthenticatedCaller?
        var failure: AuthFailure?
        var refusal = Refusal.problem(Self.notFound)
        do throws(Refusal) {
            try requireService(context, .other)
            if context.listener.isProbe {
                context.isUnauthenticated = true
                throw .problem(Self.notForProbes)
            }
            keys.follow()
            switch tokenCaller(context) {
            case .caller(let known): caller = known
            case .failed(let reason): failure = reason
            case .keyMissing: failure = .unknown
            }
            if let failure {
                noteFailure(context, failure)
                refusal = .problem(.noCaller)
            }
        } catch {
            refusal = error
        }
        var record = AnswerRecorder.Request(
            route: .other, method: Method(context.head.method), id: reply.id, started: context.started,
            caller: caller.flatMap { keys.ring.caller($0)?.id }, credential: caller?.credential, failure: failure)
        if services.recorder.keepsNames { record.peer = context.peerName }
        return services.recorder.recording(refusal.write(for: .other, to: reply), record)
    }

    /// Decodes the request, then calls its endpoint, which answers.
    private func answer(_ request: inout APIRequest, _ reply: consuming APIReply) -> ReplyReceipt {
        followProfiles()
        do throws(Problem) {
            switch request.entry.route {
            case .token:
                try requireDefaultProfile(&request)
                return token(request, profiles.defaultProfile, try tokenDemand(request), reply)
            case .tokenProfile: return token(request, try profile(&request), try tokenDemand(request), reply)
            case .secret: return secret(request, try secretRequest(&request), reply)
            case .secrets: return secrets(request, try secretsRequest(&request), reply)
            case .tokenRejected: return rejected(request, try rejectedToken(&request), by: callerID(request), reply)
            case .oauthToken: return oauthToken(&request, reply)
            case .aws: return aws(&request, reply)
            case .extensionParameters, .extensionSecrets: return awsExtension(&request, try request.query(), reply)
            case .livez: return probe(isGood: true, reply)
            case .readyz: return probe(isGood: services.isReady(), reply)
            case .health: return health(request, try request.query(), reply)
            case .metrics: return metrics(request, try request.query(), reply)
            case .openAPI: return openAPI(request, try request.query(), reply)
            case .cacheClear:
                count(.allowed, request)
                return clearCache(request, try request.query(), reply)
            default: throw Self.notFound
            }
        } catch {
            return Refusal.problem(error).write(for: request.entry.route, to: reply)
        }
    }

    /// Notes the use by the caller, records the response to a request, unless it is deferred, and returns its receipt.
    func recording(_ receipt: consuming ReplyReceipt, of request: borrowing APIRequest) -> ReplyReceipt {
        if let caller = request.credentials.caller { keys.ring.noteUse(by: caller, at: request.started) }
        return services.recorder.recording(
            receipt, request.entry.route, request.method, since: request.started,
            isTraced: request.context.head.traceParent.isPresent, record(request))
    }

    /// Takes the current profiles. If they changed, the scopes of their tokens are dropped.
    func followProfiles() {
        if profiles.follow() { grantedScopes = GrantedScopes() }
    }

    /// Defers the response to `request`.
    ///
    /// - Parameters:
    ///   - blocksPipeline: for responses that may be large and share no memory.
    ///   - start: called before this returns. It starts the work, which ends with ``DeferredAnswer/send(_:)``.
    func deferAnswer(
        _ request: borrowing APIRequest, _ reply: consuming APIReply, blocksPipeline: Bool = false,
        start: (DeferredAnswer) -> Void
    ) -> ReplyReceipt {
        let (record, recorder) = (record(request), services.recorder)
        return reply.later(request.context, blocksPipeline: blocksPipeline) { reply in
            let answer = DeferredAnswer(reply, record, recorder)
            guard let trace = record.span ?? record.trace else { return start(answer) }
            // The tasks that are started for the request inherit it.
            TraceContext.$current.withValue(trace) { start(answer) }
        }
    }

    static let noSuchProfile = Problem(404, .notFound, "no such token profile")

    private static let auditUnavailable = {
        var problem = Problem(
            503, .auditUnavailable,
            "the audit log cannot be written, and LATCHKEY_AUDIT_ON_FAILURE is refuse: nothing was given out")
        problem.retryAfter = 1
        return problem
    }()
    private static let notFound = Problem(404, .notFound, "no such route")
    private static let notForProbes = Problem(
        404, .notFound, "the probe listener has /livez, /readyz and /metrics alone")
}
