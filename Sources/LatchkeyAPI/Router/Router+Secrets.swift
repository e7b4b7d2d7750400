internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics

extension Router {
    /// `GET /secrets` lists the names, `GET /secrets?keys=a,b` reads several secrets at once.
    func secrets(_ context: RequestContext, _ call: Call, _ queryBytes: UnsafeRawBufferPointer) throws(Problem) {
        let query = try RequestQuery(queryBytes, allowed: call.entry.query)
        let demand: SecretDemand = try query.flag("refresh") ? .forced : .cached
        var batch: SecretBatch?
        if let keys = query["keys"] { batch = try SecretBatch(keys) }
        let wanted = batch
        let id = ids.text(context.slice(context.head.requestID))
        guard let deferred = context.deferReply(blocksPipeline: true) else { return }
        let (secrets, recorder, request) = (services.secrets, services.recorder, request(call))
        let deadline = services.time.now().monotonic + services.callerTimeout
        Task { @Sendable in
            let page: SecretsResponse
            if let batch = wanted {
                page = await batch.answer(from: secrets, demand: demand, deadline: deadline, id: id)
            } else {
                page = await SecretsResponse.names(from: secrets, demand: demand, deadline: deadline)
            }
            deferred.send { reply in
                page.write(id: id, to: reply)
                recorder.record(request, reply)
            }
        }
    }
}
