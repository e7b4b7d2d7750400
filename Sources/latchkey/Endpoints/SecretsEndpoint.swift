internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics

extension Endpoints {
    /// `GET /secrets` for the names there are, `GET /secrets?keys=a,b` for several secrets at once.
    func secrets(_ exchange: RequestContext, _ call: Call, _ queryBytes: UnsafeRawBufferPointer) throws(Problem) {
        let query = try RequestQuery(queryBytes, allowed: call.entry.query)
        let demand: SecretDemand = try query.flag("refresh") ? .forced : .cached
        var batch: SecretBatch?
        if let keys = query["keys"] { batch = try SecretBatch(keys) }
        let wanted = batch
        let id = ids.text(exchange.slice(exchange.head.requestID))
        guard let later = exchange.later(alone: true) else { return }
        let (secrets, recorder, request) = (services.secrets, services.recorder, request(call))
        let deadline = services.time.now().monotonic + services.patience
        Task { @Sendable in
            let page: SecretPage
            if let batch = wanted {
                page = await batch.answer(from: secrets, demand: demand, deadline: deadline, id: id)
            } else {
                page = await SecretPage.names(from: secrets, demand: demand, deadline: deadline)
            }
            later.send { reply in
                page.write(id: id, to: reply)
                recorder.record(request, reply)
            }
        }
    }
}

/// An answer about several secrets.
struct SecretPage: Sendable {
    var body: JSON
    var isStale = false
    /// Why some of it is not as new as was demanded.
    var refreshError: UpstreamFault?
    /// Set where nothing could be answered; ``body`` has its further members.
    var problem: Problem?

    /// The names that can be asked for, sorted.
    static func names(
        from secrets: SecretBroker, demand: SecretDemand, deadline: MonotonicTime
    ) async -> SecretPage {
        do throws(UpstreamFault) {
            let names = try await secrets.names(demand: demand, deadline: deadline)
            return SecretPage(
                body: ["names": .array(names.names.map { .string($0) })], isStale: names.isStale,
                refreshError: names.refreshError)
        } catch {
            return SecretPage(body: [:], problem: Problem(error, what: "secret"))
        }
    }

    func write(id: String, to reply: ReplyWriter) {
        if let problem { return Endpoints.write(problem, id: id, members: body.object ?? [:], to: reply) }
        reply.begin(200)
        reply.append("Cache-Control: no-store\r\nContent-Type: application/json\r\n")
        reply.field("X-Request-Id", id)
        if isStale { reply.append("X-Latchkey-Stale: true\r\n") }
        if let refreshError { reply.field("X-Latchkey-Refresh-Error", refreshError.summary) }
        reply.end(body.bytes())
    }
}

/// Several secrets asked for at once.
struct SecretBatch: Sendable {
    /// Keys in one request: at their longest they fill a third of the longest request line a few times over, at their
    /// usual length they are more than an application has.
    static let most = 100

    private let keys: [String]

    /// Reads a comma list; a key named twice counts once.
    init(_ text: String) throws(Problem) {
        var seen: Set<ExactText> = []
        keys = text.utf8.split(separator: UInt8(ascii: ",")).map { String(decoding: $0, as: UTF8.self) }
            .filter { seen.insert(ExactText($0)).inserted }
        guard (1...Self.most).contains(keys.count) else {
            throw Problem(400, .badRequest, "keys must be a comma list of 1 to \(Self.most) keys")
        }
    }

    /// What there is, and why the rest is not there.
    func answer(
        from secrets: SecretBroker, demand: SecretDemand, deadline: MonotonicTime, id: String
    ) async -> SecretPage {
        var found: JSONObject = [:]
        var problems: [ExactText: Problem] = [:]
        var isStale = false
        var refreshError: UpstreamFault?
        await withTaskGroup(of: (String, Result<ServedSecret, UpstreamFault>).self) { group in
            for key in keys {
                group.addTask { (key, await Self.one(key, secrets, demand, deadline)) }
            }
            for await (key, result) in group {
                switch result {
                case .success(let served):
                    found[key] = SecretForm.page(served.entry, served.entry.value)
                    isStale = isStale || served.isStale
                    refreshError = refreshError ?? served.refreshError
                case .failure(let fault):
                    problems[ExactText(key)] = Problem(fault, what: "secret")
                    if fault.isFromEarlierRead { refreshError = refreshError ?? .refreshFloor }
                }
            }
        }
        let errors = JSON.object(JSONObject(problems.map { ($0.text, $1.page(requestID: id)) }))
        guard found.isEmpty else {
            return SecretPage(
                body: ["secrets": .object(found), "errors": errors], isStale: isStale, refreshError: refreshError)
        }
        // What is wrong with the whole, if anything is, tells more than that one of the names does not exist.
        let worst = problems.values.max { ($0.status == 404 ? 0 : $0.status) < ($1.status == 404 ? 0 : $1.status) }
        return SecretPage(body: ["errors": errors], problem: worst)
    }

    private static func one(
        _ key: String, _ secrets: SecretBroker, _ demand: SecretDemand, _ deadline: MonotonicTime
    ) async -> Result<ServedSecret, UpstreamFault> {
        guard let key = SecretKey(requested: key) else { return .failure(UpstreamFault(.notFound)) }
        do throws(UpstreamFault) {
            return .success(try await secrets.secret(SecretQuery(key), demand: demand, deadline: deadline))
        } catch {
            return .failure(error)
        }
    }
}
