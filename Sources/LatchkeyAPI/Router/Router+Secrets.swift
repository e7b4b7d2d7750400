internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyMetrics

extension Router {
    /// `GET /secrets` lists the names, `GET /secrets?keys=a,b` reads several secrets at once.
    ///
    /// - Parameter wanted: the batch is nil for the list of names.
    func secrets(
        _ request: borrowing APIRequest, _ wanted: (batch: SecretBatch?, denied: Set<ExactText>, demand: SecretDemand),
        _ reply: consuming APIReply
    ) -> ReplyReceipt {
        if let batch = wanted.batch, wanted.denied.isEmpty, wanted.demand == .cached,
            let cached = CachedSecrets(batch, from: services.secrets, now: services.time.now())
        {
            for _ in 0..<cached.count { services.metrics.tierRequest(.secret, .memory, .hit) }
            return cached.write(to: reply)
        }
        let (secrets, id, requester) = (services.secrets, request.id.text, requester(request))
        let (access, reporter) = (access(of: request), wouldDenyReporter(request))
        let deadline = services.time.now().monotonic + services.callerTimeout
        return deferAnswer(request, reply, blocksPipeline: true) { deferred in
            Task {
                let page: SecretsResponse
                if let batch = wanted.batch {
                    page = await batch.answer(
                        from: secrets, denied: wanted.denied, demand: wanted.demand, for: requester,
                        deadline: deadline, id: id)
                } else {
                    page = await SecretsResponse.names(
                        from: secrets, for: access, hidden: { reporter.report("", $0) }, demand: wanted.demand,
                        requester: requester, deadline: deadline)
                }
                deferred.send { page.write(to: $0) }
            }
        }
    }

    /// Decodes the request, and decides about each of its names.
    func secretsRequest(
        _ request: inout APIRequest
    ) throws(Problem) -> (batch: SecretBatch?, denied: Set<ExactText>, demand: SecretDemand) {
        let query = try request.query()
        let demand: SecretDemand = try query.flag("refresh") ? .forced : .cached
        guard let keys = query["keys"] else {
            count(.allowed, request)
            return (nil, [], demand)
        }
        let batch = try SecretBatch(keys)
        let decisions = decide(batch.keys.map { .secret($0) }, &request)
        let denied = zip(batch.keys, decisions).filter { !$1.isAllowed }.map { ExactText($0.0) }
        return (batch, Set(denied), demand)
    }
}
