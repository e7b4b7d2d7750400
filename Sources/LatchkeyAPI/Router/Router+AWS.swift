internal import LatchkeyAWS
internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics

extension Router {
    /// `POST /`: reads of Parameter Store and Secrets Manager as any AWS SDK sends them. Errors have AWS's format.
    func aws(_ context: RequestContext, _ call: Call, _ query: UnsafeRawBufferPointer) {
        let head = context.head
        let field = head.field("x-amz-target", in: context.bytes)
        let target = AWSTarget(field.isPresent ? field.text(of: context.bytes) : "")
        let id = ids.text(context.slice(head.requestID))
        do throws(AWSProtocolError) {
            let caller = try signer(context, target, call.entry)
            try allowOnly(query, call.entry)
            let operation = try target.operation(for: caller.id)
            let request = try AWSReadRequest(
                operation, body: [UInt8](context.body), names: services.aws.store.names, caller: caller.id)
            answerRead(context, call, with: AWSResponseWriter(service: operation.service, id: id), request: request)
        } catch {
            let answer = AWSResponseWriter(service: target.service ?? .parameterStore, id: id)
            answer.write(error, to: context.reply)
            recordAnswer(context, call)
        }
    }

    /// Answers from memory, or defers the reply until the store has answered.
    func answerRead(
        _ context: RequestContext, _ call: Call, with answer: AWSResponseWriter, request: AWSReadRequest,
        refresh: Bool = false
    ) {
        let now = services.time.now()
        if !refresh, let result = services.aws.cached(request, now: now) {
            answer.write(result, to: context.reply)
            return recordAnswer(context, call, tier: Tier.memory.header)
        }
        guard let deferred = context.deferReply(blocksPipeline: true) else { return }
        let (recorder, recorded, tier) = (services.recorder, self.request(call), tier(asked: answer.service))
        let finish = { @Sendable (result: Result<JSON, AWSProtocolError>, refreshError: UpstreamFault?) in
            deferred.send { reply in
                answer.write(result, refreshError: refreshError, to: reply)
                recorder.record(recorded, reply, tier: reply.status == 200 ? tier : nil)
            }
        }
        services.aws.answer(
            request, refresh: refresh, deadline: now.monotonic + services.callerTimeout, completion: finish)
    }

    /// The store that answers requests to `service`, for the request log; nil while the backend is unknown.
    private func tier(asked service: AWSReadService) -> StaticString? {
        switch service {
        case .parameterStore: Tier.parameterStore.header
        case .secretsManager: services.secrets.places?.store(of: .blob).tier.header
        }
    }

    /// Decides from the head whether to read the body of a signed request. The signature covers the body.
    func awsAdmission(_ context: RequestContext, _ call: Call) -> BodyAdmission {
        let head = context.head
        let field = head.field("x-amz-target", in: context.bytes)
        let target = AWSTarget(field.isPresent ? field.text(of: context.bytes) : "")
        do throws(AWSProtocolError) {
            _ = try signer(context, target, call.entry, isWhole: false)
            if let length = head.contentLength, length > ServerLimits.signedBodyBytes {
                throw AWSProtocolError(
                    Problem(413, .payloadTooLarge, "the body is over \(ServerLimits.signedBodyBytes) bytes"))
            }
            return .keep(limit: ServerLimits.signedBodyBytes, identifyWithin: nil)
        } catch {
            let id = ids.text(context.slice(head.requestID))
            AWSResponseWriter(service: target.service ?? .parameterStore, id: id).write(error, to: context.reply)
            recordAnswer(context, call)
            return .answered
        }
    }

    /// Authenticates the signer of the request.
    /// - Parameter isWhole: false if the body has not arrived yet. Then everything but the signature itself is checked.
    private func signer(
        _ context: RequestContext, _ target: AWSTarget, _ entry: RouteTable.Entry, isWhole: Bool = true
    ) throws(AWSProtocolError) -> Caller {
        let request = HTTPRequest(
            method: context.methodText, target: context.head.target.text(of: context.bytes),
            fields: context.head.fields(in: context.bytes), body: [UInt8](context.body))
        let signature: SignatureVerification
        do throws(AWSProtocolError) {
            signature = try SignatureVerification(request)
        } catch {
            noteUnknownCaller(context, context.head.authorization.isPresent ? .malformed : .missing)
            throw error
        }
        let signer = keys.signer(named: signature.accessKeyID)
        let (service, now) = (target.service?.rawValue ?? signature.service, services.time.now().wall)
        do throws(AWSProtocolError) {
            if isWhole {
                try signature.verify(request, secrets: signer?.secrets ?? [], service: service, now: now)
            } else {
                try signature.checkHead(request, isKnown: signer != nil, service: service, now: now)
            }
        } catch {
            noteUnknownCaller(context, .unknown)
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

    private func allowOnly(_ query: UnsafeRawBufferPointer, _ entry: RouteTable.Entry) throws(AWSProtocolError) {
        do throws(Problem) {
            _ = try RequestQuery(query, allowed: entry.query)
        } catch {
            throw AWSProtocolError(error)
        }
    }
}
