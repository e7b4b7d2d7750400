internal import LatchkeyCore
package import LatchkeyHTTP
package import LatchkeyMetrics

/// Counts each rendered response in the metrics and writes it to the request log.
package final class AnswerRecorder: Sendable {
    /// The request of a recorded response.
    struct Request: Sendable {
        let route: Route
        let method: Method
        let started: MonotonicTime
        /// Nil if the request had no valid credential.
        let caller: String?
    }

    private let metrics: Metrics
    private let log: RequestLog

    package init(metrics: Metrics, log: RequestLog) {
        self.metrics = metrics
        self.log = log
    }

    /// Records the response that `reply` began last. Reads the clock for the duration.
    /// - Parameter tier: the tier that answered, for responses without `X-Latchkey-Tier`.
    func record(_ request: Request, _ reply: ReplyWriter, tier: StaticString? = nil) {
        let nanoseconds = MonotonicTime.current.nanoseconds - request.started.nanoseconds
        metrics.httpRequest(request.route, request.method, StatusCode(reply.status))
        metrics.httpDuration(request.route, nanoseconds: nanoseconds)
        guard log.mayLog(status: reply.status) else { return }
        log.record(Self.entry(request, reply, tier: tier, duration: .nanoseconds(nanoseconds)))
    }

    /// Writes and records a refusal of the server itself. Route and method of the request may be unknown.
    package func refuse(_ refusal: ServerRejection, to reply: ReplyWriter) {
        var ids = RequestIDs()
        Problem(refusal).write(requestID: String(decoding: ids.next(), as: UTF8.self), to: reply)
        refused(reply)
    }

    private func refused(_ reply: ReplyWriter) {
        metrics.httpRequest(.other, .other, StatusCode(reply.status))
        guard log.mayLog(status: reply.status) else { return }
        let request = Request(route: .other, method: .other, started: reply.started, caller: nil)
        log.record(Self.entry(request, reply, tier: nil, duration: MonotonicTime.current - reply.started))
    }

    private static func entry(
        _ request: Request, _ reply: ReplyWriter, tier: StaticString?, duration: Duration
    ) -> RequestLog.Entry {
        RequestLog.Entry(
            requestID: reply.fieldValue("X-Request-Id") ?? "-", route: request.route, method: request.method,
            status: reply.status, caller: request.caller,
            tier: tier.map { "\($0)" } ?? reply.fieldValue("X-Latchkey-Tier"), duration: duration)
    }
}
