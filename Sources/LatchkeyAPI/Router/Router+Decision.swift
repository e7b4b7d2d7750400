internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyMetrics

// Whether an authenticated caller may have what it asks for by name. Decided before any cache or store is used.
extension Router {
    /// Decides about the default profile, whose token needs no name.
    @inline(__always)
    func requireDefaultProfile(_ request: inout APIRequest) throws(Problem) {
        guard let caller = request.credentials.caller, caller.hasDefaultProfile else {
            return try require(.profile(ProfileGrant.defaultName), &request)
        }
        request.credentials.decision = .allowed
        services.metrics.callerRequest(Int(caller.label), .token, .allowed)
    }

    /// Decides about the one name that the request asks for.
    /// - Throws: the same problem for every name.
    func require(_ target: AccessRequest.Target, _ request: inout APIRequest) throws(Problem) {
        if request.credentials.caller?.isUnrestricted ?? false {
            request.credentials.decision = .allowed
            return count(.allowed, request)
        }
        let decision = access(of: request).decision(target)
        note(decision, about: target.name, &request)
        count(decision.isAllowed ? .allowed : .denied, request)
        guard decision.isAllowed else { throw .notForCaller }
    }

    /// Decides about each of several names, and counts the request as denied if none is allowed.
    func decide(_ targets: [AccessRequest.Target], _ request: inout APIRequest) -> [AccessDecision] {
        let access = access(of: request)
        let decisions = targets.map { access.decision($0) }
        for (target, decision) in zip(targets, decisions) { note(decision, about: target.name, &request) }
        let isAllowed = decisions.contains { $0.isAllowed }
        count(isAllowed || decisions.isEmpty ? .allowed : .denied, request)
        return decisions
    }

    /// Keeps the decision for the audit log, and reports what only the mode `observe` has allowed.
    func note(_ decision: AccessDecision, about name: String, _ request: inout APIRequest) {
        switch decision {
        case .allowed: if request.credentials.decision == nil { request.credentials.decision = .allowed }
        case .wouldDeny(let reason):
            if request.credentials.decision?.reason == nil { request.credentials.decision = decision }
            wouldDenyReporter(request).report(name, reason)
        case .denied:
            services.metrics.authFailure(.name)
            request.credentials.failure = .name
            request.credentials.decision = decision
        }
        if keepsNames { request.ensureDetails().names.append(AccessedName(name, decision)) }
    }

    /// Reports for one request what only the mode `observe` allows. It may be used on any thread.
    func wouldDenyReporter(_ request: borrowing APIRequest) -> WouldDenyReporter {
        WouldDenyReporter(
            recorder: services.recorder, label: Int(request.credentials.caller?.label ?? 0),
            caller: callerID(request), requestID: request.id)
    }

    /// What the caller of the request may have.
    func access(of request: borrowing APIRequest) -> CallerAccess {
        guard let caller = request.credentials.caller else { return CallerAccess(Caller(id: "", scopes: []), .enforce) }
        return keys.ring.access(of: caller)
    }

    /// Counts a request whose caller is known.
    func count(_ decision: CallerDecision, _ request: borrowing APIRequest) {
        guard let caller = request.credentials.caller, let resource = request.entry.route.callerResource else { return }
        services.metrics.callerRequest(Int(caller.label), resource, decision)
    }

    // MARK: Records

    /// The caller, for its share of what is limited.
    func requester(_ request: borrowing APIRequest) -> Requester? {
        request.credentials.caller.map { keys.ring.requester($0) }
    }

    /// The caller's id, for messages and for limits per caller.
    func callerID(_ request: borrowing APIRequest) -> String {
        request.credentials.caller.flatMap { keys.ring.caller($0)?.id } ?? Caller.defaultID
    }

    /// What metrics, request log and audit log record.
    func record(_ request: borrowing APIRequest) -> AnswerRecorder.Request {
        let credentials = request.credentials
        var record = AnswerRecorder.Request(
            route: request.entry.route, method: request.method, id: request.id, started: request.started,
            caller: credentials.caller.flatMap { keys.ring.caller($0)?.id }, credential: credentials.caller?.credential,
            failure: credentials.failure, decision: credentials.decision, names: credentials.details?.names ?? [])
        record.trace = trace(request.context)
        record.span = record.trace.flatMap { services.recorder.span(in: $0) }
        guard services.recorder.keepsNames else { return record }
        record.asked = request.names
        record.peer = request.context.peerName
        return record
    }
}

extension Router {
    /// The trace that a request says it belongs to.
    func trace(_ context: RequestContext) -> TraceContext? {
        let parent = context.head.traceParent
        return parent.isPresent ? TraceContext(context.slice(parent)) : nil
    }
}

extension Route {
    /// The resource in the metrics of callers; nil for routes without secrets and tokens.
    fileprivate var callerResource: CallerResource? {
        switch self {
        case .token, .tokenProfile, .tokenRejected, .oauthToken: .token
        case .secret, .secrets, .aws, .extensionParameters, .extensionSecrets: .secret
        case .cacheClear: .admin
        case .health, .livez, .readyz, .metrics, .openAPI, .other: nil
        }
    }
}
