internal import LatchkeyAWS
internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyMetrics

extension Router {
    /// `POST /`: reads of Parameter Store and Secrets Manager as any AWS SDK sends them. Errors have AWS's format.
    func aws(_ request: inout APIRequest, _ reply: consuming APIReply) -> ReplyReceipt {
        do throws(AWSProtocolError) {
            let target = try verifySignature(&request)
            do throws(Problem) {
                _ = try request.query()
            } catch {
                throw AWSProtocolError(error)
            }
            let operation = try target.operation(for: callerID(request))
            let read = try AWSReadRequest(
                operation, body: [UInt8](request.context.body), names: services.aws.store.names,
                caller: callerID(request))
            if services.recorder.keepsNames { request.bodyNames = read.names }
            return answerRead(request, try permit(read, &request), operation.service, reply)
        } catch {
            let service = request.credentials.details?.signedHead?.target.service ?? .parameterStore
            if services.recorder.keepsNames, request.bodyNames.isEmpty {
                request.bodyNames = Self.names([UInt8](request.context.body))
            }
            return AWSResponseWriter(service).write(refusal: error, to: reply)
        }
    }

    /// Decides about the names of a request.
    ///
    /// - Returns: the request for what the caller may have.
    /// - Throws: `AccessDeniedException` if that is nothing.
    func permit(_ read: AWSReadRequest, _ request: inout APIRequest) throws(AWSProtocolError) -> AWSReadRequest {
        let access = access(of: request)
        if access.isUnrestricted, !keepsNames {
            count(.allowed, request)
            return read
        }
        let decisions = read.decisions(access)
        for name in decisions { note(name.decision, about: name.name, &request) }
        let isAllowed = decisions.isEmpty || decisions.contains { $0.decision.isAllowed }
        let permitted = isAllowed ? read.restricted(to: access) : nil
        count(permitted == nil ? .denied : .allowed, request)
        if let permitted { return permitted }
        if case .secrets = read, let none = read.restricted(to: access) { return none }
        throw .denied(callerID(request), read.operation)
    }

    /// The names in the body of a refused request, for the audit log.
    private static func names(_ body: [UInt8]) -> [String] {
        guard let members = try? JSON(parsing: body, limits: .request).object else { return [] }
        let one = [members["Name"]?.string, members["SecretId"]?.string, members["Path"]?.string].compactMap { $0 }
        let many = (members["Names"]?.array ?? []) + (members["SecretIdList"]?.array ?? [])
        return Array((one + many.compactMap(\.string)).prefix(AWSReadRequest.maxSecrets))
    }

    /// Answers from memory, or defers the response until the store has answered.
    func answerRead(
        _ request: borrowing APIRequest, _ read: AWSReadRequest, _ service: AWSReadService, refresh: Bool = false,
        _ reply: consuming APIReply
    ) -> ReplyReceipt {
        let now = services.time.now()
        let answer = AWSResponseWriter(service)
        if !refresh, let result = services.aws.cached(read, now: now) {
            return answer.write(result, to: reply).from(Tier.memory.header)
        }
        let (access, reporter) = (access(of: request), wouldDenyReporter(request))
        let filter: AWSRequestHandler.ListingFilter = { items in
            let allowed = access.filter(items) { $0.name }
            if let reason = allowed.lazy.compactMap(\.wouldDeny).first { reporter.report("", reason) }
            return allowed
        }
        let (aws, tier) = (services.aws, tier(of: service))
        let terms = ReadTerms(requester(request), deadline: now.monotonic + services.callerTimeout)
        return deferAnswer(request, reply, blocksPipeline: true) { deferred in
            aws.answer(read, filter: filter, refresh: refresh, terms: terms) { result, refreshError in
                deferred.send {
                    let receipt = answer.write(result, refreshError: refreshError, to: $0)
                    return receipt.status == 200 ? receipt.from(tier) : receipt
                }
            }
        }
    }

    /// The store that answers requests to `service`, for the request log; nil while the backend is unknown.
    private func tier(of service: AWSReadService) -> StaticString? {
        switch service {
        case .parameterStore: Tier.parameterStore.header
        case .secretsManager: services.secrets.routing?.store(of: .blob).tier.header
        }
    }
}
