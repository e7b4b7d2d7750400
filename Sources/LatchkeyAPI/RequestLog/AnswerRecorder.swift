internal import LatchkeyBroker
package import LatchkeyCore
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
        var credential: CredentialKind?
        /// Why there is no caller, or why it may not have what it asks for.
        var failure: AuthFailure?
        /// The decision about what was asked for by name; nil if the request did not get that far.
        var decision: AccessDecision?
        /// What was decided about each name, if ``AnswerRecorder/keepsNames``.
        var names: [AccessedName] = []
        /// The secrets or profiles that were asked for, as the caller wrote them, if ``AnswerRecorder/keepsNames``.
        var asked: [String] = []
        /// The trace that the request belongs to, if it says so.
        var trace: TraceContext?
        /// The span of the request, if spans are exported and the trace is recorded.
        var span: TraceContext?
        /// The address of the peer, if ``AnswerRecorder/keepsNames``.
        var peer: [UInt8] = []
    }

    private let metrics: Metrics
    private let log: RequestLog
    /// Nil without an audit log.
    let audit: AnswerAudit?

    /// Gets the spans of requests; nil if they are not exported.
    private let spans: SpanQueue?

    package init(metrics: Metrics, log: RequestLog, audit: AnswerAudit? = nil, spans: SpanQueue? = nil) {
        self.metrics = metrics
        self.log = log
        self.audit = audit
        self.spans = spans
    }

    /// Counts and logs what the callers file would refuse in the mode `enforce`.
    ///
    /// - Parameters:
    ///   - name: the secret or profile; empty for a list.
    ///   - label: the ordinal of the caller in the metrics.
    func wouldDeny(_ name: String, _ reason: AccessReason, caller: String, label: Int, _ id: RequestID) {
        metrics.policyWouldDeny(label)
        log.recordWouldDeny(requestID: id.text, caller: caller, name: RequestQuery.shown(name), reason: reason.rawValue)
    }

    /// Whether requests keep the names that they ask for, which the audit log needs.
    var keepsNames: Bool { audit != nil }

    /// The recorder of one worker, which also writes its audit lines.
    func writing(to audit: AnswerAudit?) -> AnswerRecorder {
        AnswerRecorder(metrics: metrics, log: log, audit: audit, spans: spans)
    }

    /// Records a response, unless it is deferred, and returns its receipt. Reads the clock for the duration.
    ///
    /// - Parameters:
    ///   - isTraced: whether the request says that it belongs to a trace.
    ///   - request: read only for a response that is logged or traced, because a copy of it costs reference counts.
    func recording(
        _ receipt: consuming ReplyReceipt, _ route: Route, _ method: Method, since started: MonotonicTime,
        isTraced: Bool, _ request: @autoclosure () -> Request
    ) -> ReplyReceipt {
        if receipt.isDeferred { return receipt }
        let nanoseconds = MonotonicTime.current.nanoseconds - started.nanoseconds
        metrics.httpRequest(route, method, StatusCode(receipt.status))
        metrics.httpDuration(route, nanoseconds: nanoseconds)
        if isTraced {
            let request = request()
            if let trace = request.trace {
                note(trace, request.span, route, method, status: receipt.status, since: started, nanoseconds)
            }
        }
        if log.mayLog(status: receipt.status) {
            log.record(Self.entry(request(), receipt, duration: .nanoseconds(nanoseconds)))
        }
        if let audit {
            let request = request()
            if audit.record(request, receipt) { receipt.awaitCommit(kind: route.rawValue) }
        }
        return receipt
    }

    /// Whether answers of status 200 and 304 are logged.
    var logsHits: Bool { log.mayLog(status: 304) }

    /// Counts an answer from memory, which is not logged.
    ///
    /// - Parameters:
    ///   - status: 200 or 304.
    ///   - started: when its request started. Reads the clock for the duration.
    ///   - trace: read only if `isTraced`.
    func count(
        _ route: Route, _ method: Method, status: Int, since started: MonotonicTime, isTraced: Bool,
        _ trace: @autoclosure () -> TraceContext?
    ) {
        metrics.httpRequest(route, method, StatusCode(status))
        let nanoseconds = MonotonicTime.current.nanoseconds - started.nanoseconds
        metrics.httpDuration(route, nanoseconds: nanoseconds)
        if isTraced, let trace = trace() {
            note(trace, span(in: trace), route, method, status: status, since: started, nanoseconds)
        }
    }

    /// The span of a request that belongs to this trace; nil if there is to be none.
    func span(in trace: TraceContext) -> TraceContext? { spans != nil && trace.isSampled ? trace.child() : nil }

    /// Makes a request the exemplar of its duration, and adds its span (OpenTelemetry, semantic conventions for HTTP
    /// servers), if its trace is recorded. The span has the route and not the path, which may hold the name of a secret.
    private func note(
        _ trace: TraceContext, _ span: TraceContext?, _ route: Route, _ method: Method, status: Int,
        since started: MonotonicTime, _ nanoseconds: Int64
    ) {
        guard trace.isSampled else { return }
        metrics.httpExemplar(route, nanoseconds: nanoseconds, trace)
        guard let span else { return }
        let method = method == .other ? "_OTHER" : method.name.uppercased()
        var attributes: [(name: String, value: Span.Value)] = [
            ("http.request.method", .text(method)), ("http.response.status_code", .number(Int64(status))),
        ]
        let path = RouteTable.entries.first { $0.route == route }?.path
        if let path { attributes.append(("http.route", .text(path))) }
        let name = method == "_OTHER" ? "HTTP" : method
        spans?.add(
            span, in: trace, .server, path.map { "\(name) \($0)" } ?? name, from: started, attributes: attributes,
            isError: status >= 500)
    }

    /// Records a response, unless it is deferred, and returns its receipt.
    func recording(_ receipt: consuming ReplyReceipt, _ request: Request) -> ReplyReceipt {
        recording(
            receipt, request.route, request.method, since: request.started, isTraced: request.trace != nil, request)
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
            tier: receipt.source.map { "\($0)" } ?? receipt.fieldValue("X-Latchkey-Tier"), duration: duration,
            trace: request.trace)
    }
}
