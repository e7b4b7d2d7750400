internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics

/// Several secrets asked for at once.
struct SecretBatch: Sendable {
    /// Keys in one request: at their longest they fill a third of the longest request line a few times over, at their
    /// usual length they are more than an application has.
    static let maxKeys = 100

    private let keys: [String]

    /// Reads a comma list; a key named twice counts once.
    init(_ text: String) throws(Problem) {
        var seen: Set<ExactText> = []
        keys = text.utf8.split(separator: UInt8(ascii: ",")).map { String(decoding: $0, as: UTF8.self) }
            .filter { seen.insert(ExactText($0)).inserted }
        guard (1...Self.maxKeys).contains(keys.count) else {
            throw Problem(400, .badRequest, "keys must be a comma list of 1 to \(Self.maxKeys) keys")
        }
    }

    /// What there is, and why the rest is not there.
    func answer(
        from secrets: SecretBroker, demand: SecretDemand, deadline: MonotonicTime, id: String
    ) async -> SecretsResponse {
        var found: JSONObject = [:]
        var problems: [ExactText: Problem] = [:]
        var isStale = false
        var refreshError: UpstreamFault?
        await withTaskGroup(of: (String, Result<ServedSecret, UpstreamFault>).self) { group in
            for key in keys {
                group.addTask { (key, await Self.one(key, from: secrets, demand: demand, deadline: deadline)) }
            }
            for await (key, result) in group {
                switch result {
                case .success(let served):
                    found[key] = SecretResponseFormat.page(served.entry, served.entry.value)
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
            return SecretsResponse(
                body: ["secrets": .object(found), "errors": errors], isStale: isStale, refreshError: refreshError)
        }
        // What is wrong with the whole, if anything is, tells more than that one of the names does not exist.
        let worst = problems.values.max { ($0.status == 404 ? 0 : $0.status) < ($1.status == 404 ? 0 : $1.status) }
        return SecretsResponse(body: ["errors": errors], problem: worst)
    }

    private static func one(
        _ key: String, from secrets: SecretBroker, demand: SecretDemand, deadline: MonotonicTime
    ) async -> Result<ServedSecret, UpstreamFault> {
        guard let key = SecretKey(requested: key) else { return .failure(UpstreamFault(.notFound)) }
        do throws(UpstreamFault) {
            return .success(try await secrets.secret(SecretQuery(key), demand: demand, deadline: deadline))
        } catch {
            return .failure(error)
        }
    }
}
