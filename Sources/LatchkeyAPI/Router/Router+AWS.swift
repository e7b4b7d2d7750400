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
            let operation = try target.operation(for: request.callerID)
            let read = try AWSReadRequest(
                operation, body: [UInt8](request.context.body), names: services.aws.store.names,
                caller: request.callerID)
            if services.recorder.keepsNames { request.bodyNames = read.names }
            return answerRead(request, read, operation.service, reply)
        } catch {
            let service = request.credentials.signedHead?.target.service ?? .parameterStore
            if services.recorder.keepsNames { request.bodyNames = Self.names([UInt8](request.context.body)) }
            return AWSResponseWriter(service).write(refusal: error, to: reply)
        }
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
        let (aws, tier, deadline) = (services.aws, tier(of: service), now.monotonic + services.callerTimeout)
        return deferAnswer(request, reply, blocksPipeline: true) { deferred in
            aws.answer(read, refresh: refresh, deadline: deadline) { result, refreshError in
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
