internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics

/// The response to a request for several secrets.
struct SecretsResponse: Sendable {
    var body: JSON
    var isStale = false
    /// Why a requested refresh failed for some of them.
    var refreshError: UpstreamFault?
    /// What the response says of each name; no items for a list of names.
    var names: AnsweredNames?
    /// Set if nothing could be answered. ``body`` then has the problem's further members.
    var problem: Problem?

    /// The names of the secrets that the caller may have, sorted.
    ///
    /// - Parameter hidden: called if only the mode `observe` shows all names.
    static func names(
        from secrets: SecretBroker, for access: CallerAccess, hidden: (AccessReason) -> Void, demand: SecretDemand,
        requester: Requester?, deadline: MonotonicTime
    ) async -> SecretsResponse {
        do throws(UpstreamFault) {
            let names = try await secrets.names(demand: demand, for: requester, deadline: deadline)
            let shown = access.filter(names.names) { $0 }
            let reason = shown.lazy.compactMap(\.wouldDeny).first
            if let reason { hidden(reason) }
            return SecretsResponse(
                body: ["names": .array(shown.map { .string($0.element) })], isStale: names.isStale,
                refreshError: names.refreshError, names: AnsweredNames([], wouldDeny: reason))
        } catch {
            return SecretsResponse(body: [:], problem: Problem(error, what: "secret"))
        }
    }

    func write(to reply: consuming APIReply) -> ReplyReceipt {
        if let problem {
            let receipt = problem.write(members: body.object ?? [:], to: reply)
            return names == nil ? receipt : receipt.about(names)
        }
        let reply = reply.begin(200)
        reply.append("Content-Type: application/json\r\n")
        if isStale { reply.append("X-Latchkey-Stale: true\r\n") }
        if let refreshError { reply.field("X-Latchkey-Refresh-Error", refreshError.summary) }
        return reply.end(body.bytes()).about(names)
    }
}
