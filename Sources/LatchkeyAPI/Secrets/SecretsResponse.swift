internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics

/// An answer about several secrets.
struct SecretsResponse: Sendable {
    var body: JSON
    var isStale = false
    /// Why some of it is not as new as was demanded.
    var refreshError: UpstreamFault?
    /// Set where nothing could be answered; ``body`` has its further members.
    var problem: Problem?

    /// The names that can be asked for, sorted.
    static func names(
        from secrets: SecretBroker, demand: SecretDemand, deadline: MonotonicTime
    ) async -> SecretsResponse {
        do throws(UpstreamFault) {
            let names = try await secrets.names(demand: demand, deadline: deadline)
            return SecretsResponse(
                body: ["names": .array(names.names.map { .string($0) })], isStale: names.isStale,
                refreshError: names.refreshError)
        } catch {
            return SecretsResponse(body: [:], problem: Problem(error, what: "secret"))
        }
    }

    func write(id: String, to reply: ReplyWriter) {
        if let problem { return problem.write(requestID: id, members: body.object ?? [:], to: reply) }
        reply.begin(200)
        reply.append("Cache-Control: no-store\r\nContent-Type: application/json\r\n")
        reply.field("X-Request-Id", id)
        if isStale { reply.append("X-Latchkey-Stale: true\r\n") }
        if let refreshError { reply.field("X-Latchkey-Refresh-Error", refreshError.summary) }
        reply.end(body.bytes())
    }
}
