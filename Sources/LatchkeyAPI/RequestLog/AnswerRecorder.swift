internal import LatchkeyCore
package import LatchkeyHTTP
package import LatchkeyMetrics

/// Counts each rendered response in the metrics and writes it to the request log.
package final class AnswerRecorder: Sendable {
    /// The request of a recorded response.
    struct Request: Sendable {
        let route: Route
        let method: Method
        let id: RequestID
        let started: MonotonicTime
        /// Nil if the request had no valid credential.
        let caller: String?
        /// `key` or `sigv4`; nil without a caller.
        var credential: StaticString?
        /// The address of the peer.
        var peer: [UInt8] = []
        /// The secrets or profiles that were asked for, if ``AnswerRecorder/keepsNames``.
        var names: [String] = []
    }

    private let metrics: Metrics
    private let log: RequestLog
    /// Nil without an audit log.
    let audit: AnswerAudit?

    package init(metrics: Metrics, log: RequestLog, audit: AnswerAudit? = nil) {
        self.metrics = metrics
        self.log = log
        self.audit = audit
    }

    /// Whether requests keep the names that they ask for, which the audit log needs.
    var keepsNames: Bool { audit != nil }

    /// The recorder of one worker, which also writes its audit lines.
    func writing(to audit: AnswerAudit?) -> AnswerRecorder { AnswerRecorder(metrics: metrics, log: log, audit: audit) }

    /// Records a response, unless it is deferred, and returns its receipt. Reads the clock for the duration.
    ///
    /// - Parameter request: read only for a response that is logged, because a copy of it costs reference counts.
    func recording(
        _ receipt: consuming ReplyReceipt, _ route: Route, _ method: Method, since started: MonotonicTime,
        _ request: @autoclosure () -> Request
    ) -> ReplyReceipt {
        if receipt.isDeferred { return receipt }
        let nanoseconds = MonotonicTime.current.nanoseconds - started.nanoseconds
        metrics.httpRequest(route, method, StatusCode(receipt.status))
        metrics.httpDuration(route, nanoseconds: nanoseconds)
        if log.mayLog(status: receipt.status) {
            log.record(Self.entry(request(), receipt, duration: .nanoseconds(nanoseconds)))
        }
        if let audit {
            let request = request()
            if audit.record(request, receipt) { receipt.awaitCommit(request.id.fields, kind: route.rawValue) }
        }
        return receipt
    }

    /// Records a response, unless it is deferred, and returns its receipt.
    func recording(_ receipt: consuming ReplyReceipt, _ request: Request) -> ReplyReceipt {
        recording(receipt, request.route, request.method, since: request.started, request)
    }

    /// Writes and records a refusal of the server itself. Route and method of the request may be unknown.
    package func refuse(_ refusal: ServerRejection, to writer: consuming ReplyWriter) -> ReplyReceipt {
        var ids = RequestIDs()
        let request = Request(route: .other, method: .other, id: ids.next(), started: writer.started, caller: nil)
        let receipt = Problem(refusal).write(to: APIReply(writer, request.id))
        metrics.httpRequest(.other, .other, StatusCode(receipt.status))
        if log.mayLog(status: receipt.status) {
            log.record(Self.entry(request, receipt, duration: MonotonicTime.current - request.started))
        }
        return receipt
    }

    private static func entry(
        _ request: Request, _ receipt: borrowing ReplyReceipt, duration: Duration
    ) -> RequestLog.Entry {
        RequestLog.Entry(
            requestID: request.id.text, route: request.route, method: request.method, status: receipt.status,
            caller: request.caller,
            tier: receipt.source.map { "\($0)" } ?? receipt.fieldValue("X-Latchkey-Tier"), duration: duration)
    }
}
