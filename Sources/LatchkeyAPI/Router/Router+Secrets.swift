internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyHTTP

extension Router {
    /// `GET /secrets` lists the names, `GET /secrets?keys=a,b` reads several secrets at once.
    ///
    /// - Parameter wanted: the batch is nil for the list of names.
    func secrets(
        _ request: borrowing APIRequest, _ wanted: (batch: SecretBatch?, demand: SecretDemand),
        _ reply: consuming APIReply
    ) -> ReplyReceipt {
        let (secrets, id) = (services.secrets, request.id.text)
        let deadline = services.time.now().monotonic + services.callerTimeout
        return deferAnswer(request, reply, blocksPipeline: true) { deferred in
            Task {
                let page: SecretsResponse
                if let batch = wanted.batch {
                    page = await batch.answer(from: secrets, demand: wanted.demand, deadline: deadline, id: id)
                } else {
                    page = await SecretsResponse.names(from: secrets, demand: wanted.demand, deadline: deadline)
                }
                deferred.send { page.write(to: $0) }
            }
        }
    }

    func secretsRequest(_ request: borrowing APIRequest) throws(Problem) -> (batch: SecretBatch?, demand: SecretDemand)
    {
        let query = try request.query()
        let demand: SecretDemand = try query.flag("refresh") ? .forced : .cached
        guard let keys = query["keys"] else { return (nil, demand) }
        return (try SecretBatch(keys), demand)
    }
}
