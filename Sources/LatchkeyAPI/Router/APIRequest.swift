internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyMetrics

/// One request of the API. The router makes it from the head, before the endpoint.
///
/// It cannot be copied, so that passing it on costs no reference counts.
struct APIRequest: ~Copyable {
    /// The request as received. Its bytes must not be kept.
    let context: RequestContext
    let entry: RouteTable.Entry
    let method: Method
    let id: RequestID
    /// When the request was complete, so that the time of a slow sender does not count.
    let started: MonotonicTime
    var credentials: Credentials
    /// The secrets or profiles that the body asks for, if ``AnswerRecorder/keepsNames``.
    var bodyNames: [String] = []

    /// - Parameter credentials: what authentication has found out already, for a request whose body followed its head.
    init(
        _ context: RequestContext, _ entry: RouteTable.Entry, _ id: RequestID,
        _ credentials: Credentials = Credentials()
    ) {
        self.context = context
        self.entry = entry
        self.id = id
        self.credentials = credentials
        method = Method(context.head.method)
        started = context.started
    }

    /// The query, still percent-encoded.
    var queryBytes: UnsafeRawBufferPointer { context.slice(context.head.query) }

    /// The decoded query, with the parameters that the route takes.
    func query() throws(Problem) -> RequestQuery { try RequestQuery(queryBytes, allowed: entry.query) }

    /// The path segment that matches `{…}`, still percent-encoded.
    var pathParameter: UnsafeRawBufferPointer { entry.parameter(of: context.slice(context.head.path)) }

    /// The details, which are made when they are first needed.
    mutating func ensureDetails() -> RequestDetails {
        let details = credentials.details ?? RequestDetails()
        credentials.details = details
        return details
    }
}
