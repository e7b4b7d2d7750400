internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyMetrics

/// One request of the API. The router makes it from the head, before the endpoint.
struct APIRequest {
    /// The request as received. Its bytes must not be kept.
    let context: RequestContext
    let entry: RouteTable.Entry
    let method: Method
    let id: RequestID
    /// When the request was complete, so that the time of a slow sender does not count.
    var started: MonotonicTime
    /// The authenticated caller. Nil for open routes, and for an OAuth client until its body is read.
    var caller: Caller?
    /// For routes with ``Access/signed(_:)``: what the head of the request has shown.
    var signedHead: SignedHead?

    init(_ context: RequestContext, _ entry: RouteTable.Entry, _ id: RequestID) {
        self.context = context
        self.entry = entry
        self.id = id
        method = Method(context.head.method)
        started = context.now
    }

    /// The query, still percent-encoded.
    var queryBytes: UnsafeRawBufferPointer { context.slice(context.head.query) }

    /// The decoded query, with the parameters that the route takes.
    func query() throws(Problem) -> RequestQuery { try RequestQuery(queryBytes, allowed: entry.query) }

    /// The path segment that matches `{…}`, still percent-encoded.
    var pathParameter: UnsafeRawBufferPointer { entry.parameter(of: context.slice(context.head.path)) }

    /// The caller's id, for messages and for limits per caller.
    var callerID: String { caller?.id ?? Caller.default.id }

    /// What metrics and request log record.
    var record: AnswerRecorder.Request {
        AnswerRecorder.Request(route: entry.route, method: method, id: id, started: started, caller: caller?.id)
    }
}
