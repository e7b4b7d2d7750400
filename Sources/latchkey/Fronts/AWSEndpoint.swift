internal import LatchkeyAWS
internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics

extension Endpoints {
    /// `POST /`: reads of Parameter Store and Secrets Manager as any AWS SDK sends them. Errors are AWS's.
    func aws(_ exchange: RequestContext, _ call: Call, _ query: UnsafeRawBufferPointer) {
        let head = exchange.head
        let target = head.field("x-amz-target", in: exchange.bytes)
        let aim = FrontTarget(target.isPresent ? target.text(of: exchange.bytes) : "")
        let id = ids.text(exchange.slice(head.requestID))
        do throws(AWSFault) {
            let caller = try signer(exchange, aim, call.entry)
            try allowOnly(query, call.entry)
            let operation = try aim.operation(for: caller.id)
            let request = try FrontRequest(
                operation, body: [UInt8](exchange.body), names: services.fronts.store.names, caller: caller.id)
            front(exchange, call, FrontAnswer(service: operation.service, id: id), request)
        } catch {
            let answer = FrontAnswer(service: aim.service ?? .parameterStore, id: id)
            answer.write(error, to: exchange.reply)
            answered(exchange, call)
        }
    }

    /// Answers from memory, or later.
    func front(
        _ exchange: RequestContext, _ call: Call, _ answer: FrontAnswer, _ request: FrontRequest, refresh: Bool = false
    ) {
        let now = services.time.now()
        if !refresh, let result = services.fronts.cached(request, now: now) {
            answer.write(result, to: exchange.reply)
            return answered(exchange, call, tier: Tier.memory.header)
        }
        guard let later = exchange.deferReply(blocksPipeline: true) else { return }
        let (recorder, recorded, tier) = (services.recorder, self.request(call), tier(asked: answer.service))
        let finish = { @Sendable (result: Result<JSON, AWSFault>, refreshError: UpstreamFault?) in
            later.send { reply in
                answer.write(result, refreshError: refreshError, to: reply)
                recorder.record(recorded, reply, tier: reply.status == 200 ? tier : nil)
            }
        }
        services.fronts.answer(
            request, refresh: refresh, deadline: now.monotonic + services.patience, completion: finish)
    }

    /// The store that a service's requests go to, for the request log; nil while that is not known.
    private func tier(asked service: FrontService) -> StaticString? {
        switch service {
        case .parameterStore: Tier.parameterStore.header
        case .secretsManager: services.secrets.places?.store(of: .blob).tier.header
        }
    }

    /// Decides from the head whether the body of a signed request is wanted: its signature covers the body.
    func awsAdmission(_ exchange: RequestContext, _ call: Call) -> BodyAdmission {
        let head = exchange.head
        let target = head.field("x-amz-target", in: exchange.bytes)
        let aim = FrontTarget(target.isPresent ? target.text(of: exchange.bytes) : "")
        do throws(AWSFault) {
            _ = try signer(exchange, aim, call.entry, isWhole: false)
            if let length = head.contentLength, length > ServerLimits.signedBodyBytes {
                throw AWSFault(
                    Problem(413, .payloadTooLarge, "the body is over \(ServerLimits.signedBodyBytes) bytes"))
            }
            return .keep(limit: ServerLimits.signedBodyBytes, callerWithin: nil)
        } catch {
            let id = ids.text(exchange.slice(head.requestID))
            FrontAnswer(service: aim.service ?? .parameterStore, id: id).write(error, to: exchange.reply)
            answered(exchange, call)
            return .answered
        }
    }

    /// Whoever signed the request.
    /// - Parameter isWhole: false while the body is still to come: then everything but the signature itself is judged.
    private func signer(
        _ exchange: RequestContext, _ target: FrontTarget, _ entry: RouteTable.Entry, isWhole: Bool = true
    ) throws(AWSFault) -> Caller {
        let request = HTTPRequest(
            method: exchange.methodText, target: exchange.head.target.text(of: exchange.bytes),
            fields: exchange.head.fields(in: exchange.bytes), body: [UInt8](exchange.body))
        let signature: SignatureVerification
        do throws(AWSFault) {
            signature = try SignatureVerification(request)
        } catch {
            unknownCaller(exchange, exchange.head.authorization.isPresent ? .malformed : .missing)
            throw error
        }
        let signer = keys.signer(named: signature.accessKeyID)
        let (service, now) = (target.service?.rawValue ?? signature.service, services.time.now().wall)
        do throws(AWSFault) {
            if isWhole {
                try signature.verify(request, secrets: signer?.secrets ?? [], service: service, now: now)
            } else {
                try signature.checkHead(request, isKnown: signer != nil, service: service, now: now)
            }
        } catch {
            unknownCaller(exchange, .unknown)
            throw error
        }
        guard let caller = signer?.caller else { throw SignatureVerification.unknownKey }
        callerID = caller.id
        guard case .signed(let scope) = entry.access, caller.scopes.isSuperset(of: scope) else {
            services.metrics.authFailure(.scope)
            throw .denied(caller.id, "this operation", "its key does not open secrets")
        }
        return caller
    }

    private func allowOnly(_ query: UnsafeRawBufferPointer, _ entry: RouteTable.Entry) throws(AWSFault) {
        do throws(Problem) {
            _ = try RequestQuery(query, allowed: entry.query)
        } catch {
            throw AWSFault(error)
        }
    }
}

/// Writes answers as one service of AWS's does.
struct FrontAnswer: Sendable {
    let service: FrontService
    let id: String

    /// - Parameter refreshError: why it is not as new as was demanded.
    func write(_ result: Result<JSON, AWSFault>, refreshError: UpstreamFault? = nil, to reply: ReplyWriter) {
        switch result {
        case .success(let json):
            begin(200, to: reply)
            if let refreshError { reply.field("X-Latchkey-Refresh-Error", refreshError.summary) }
            reply.end(json.bytes())
        case .failure(let fault): write(fault, refreshError: refreshError, to: reply)
        }
    }

    func write(
        _ fault: AWSFault, allow: String? = nil, refreshError: UpstreamFault? = nil, to reply: ReplyWriter
    ) {
        begin(fault.status, to: reply)
        reply.field("x-amzn-ErrorType", fault.type)
        if fault.status == 401 { reply.append("WWW-Authenticate: Bearer realm=\"latchkey\"\r\n") }
        if let allow { reply.field("Allow", allow) }
        if let refreshError { reply.field("X-Latchkey-Refresh-Error", refreshError.summary) }
        reply.end(fault.response(messageMember: service.messageMember).body)
    }

    private func begin(_ status: Int, to reply: ReplyWriter) {
        reply.begin(status)
        reply.append("Content-Type: application/x-amz-json-1.1\r\nCache-Control: no-store\r\n")
        reply.field("x-amzn-RequestId", id)
        reply.field("X-Request-Id", id)
    }
}
