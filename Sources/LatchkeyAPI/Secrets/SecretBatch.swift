internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics

/// A request for several secrets at once.
struct SecretBatch: Sendable {
    /// Maximum number of keys in a request. That is more than an application has; keys of maximum length reach the
    /// limit of the request line first.
    static let maxKeys = 100

    /// In the order of the request.
    let keys: [String]

    /// Reads a comma list. A repeated key counts once.
    init(_ text: String) throws(Problem) {
        var seen: Set<ExactText> = []
        keys = text.utf8.split(separator: UInt8(ascii: ",")).map { String(decoding: $0, as: UTF8.self) }
            .filter { seen.insert(ExactText($0)).inserted }
        guard (1...Self.maxKeys).contains(keys.count) else {
            throw Problem(400, .badRequest, "keys must be a comma list of 1 to \(Self.maxKeys) keys")
        }
    }

    /// Reads all keys. The response has the values, and a problem for each key that failed.
    ///
    /// - Parameters:
    ///   - denied: the keys that the caller may not have. They are not read.
    ///   - requester: the caller.
    func answer(
        from secrets: SecretBroker, denied: Set<ExactText>, demand: SecretDemand, for requester: Requester?,
        deadline: MonotonicTime, id: String
    ) async -> SecretsResponse {
        var found: JSONObject = [:]
        var problems: [ExactText: Problem] = [:]
        for key in denied { problems[key] = .notForCaller }
        var names: [AnsweredNames.Item] = []
        var isStale = false
        var refreshError: UpstreamFault?
        let allowed = keys.filter { !denied.contains(ExactText($0)) }
        let results = await allowed.concurrentMap { key in
            await Self.one(key, from: secrets, demand: demand, for: requester, deadline: deadline)
        }
        for (key, result) in zip(allowed, results) {
            switch result {
            case .success(let served):
                names.append(
                    AnsweredNames.Item(name: key, version: served.entry.version, source: served.entry.source))
                found[key] = SecretResponseFormat.json(served.entry, served.entry.value)
                isStale = isStale || served.isStale
                refreshError = refreshError ?? served.refreshError
            case .failure(let fault):
                let problem = Problem(fault, what: "secret")
                names.append(AnsweredNames.Item(name: key, reason: problem.code.rawValue))
                problems[ExactText(key)] = problem
                if fault.isFromEarlierRead { refreshError = refreshError ?? .refreshFloor }
            }
        }
        let errors = JSON.object(JSONObject(problems.map { ($0.text, $1.json(requestID: id)) }))
        guard found.isEmpty else {
            return SecretsResponse(
                body: ["secrets": .object(found), "errors": errors], isStale: isStale, refreshError: refreshError,
                names: AnsweredNames(names))
        }
        // If nothing was found, the response has the most severe problem: a failure of the whole request tells more
        // than a missing name.
        let worst = problems.values.max { ($0.status == 404 ? 0 : $0.status) < ($1.status == 404 ? 0 : $1.status) }
        return SecretsResponse(body: ["errors": errors], names: AnsweredNames(names), problem: worst)
    }

    private static func one(
        _ key: String, from secrets: SecretBroker, demand: SecretDemand, for requester: Requester?,
        deadline: MonotonicTime
    ) async -> Result<ServedSecret, UpstreamFault> {
        guard let key = SecretKey(requested: key) else { return .failure(UpstreamFault(.notFound)) }
        do throws(UpstreamFault) {
            return .success(
                try await secrets.secret(SecretQuery(key), demand: demand, for: requester, deadline: deadline))
        } catch {
            return .failure(error)
        }
    }
}
