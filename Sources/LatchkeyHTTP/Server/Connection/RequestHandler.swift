/// The functions that answer the requests of one worker. They run on the thread of the worker, so they may use state that
/// is not Sendable.
package struct RequestHandler {
    /// Decides from the head of a request with a body, before the body is received, who the caller is and what happens to
    /// the body. A rejection is written as the reply, with ``BodyAdmission/answered``.
    package var admit: (RequestContext) -> BodyAdmission
    /// Identifies the caller from the first part of the body, for ``BodyAdmission/keep(limit:identifyWithin:)``. Returns true
    /// when the caller is known; otherwise it has written the reply.
    package var identify: (RequestContext) -> Bool
    /// Answers a complete request: writes the reply, or takes a ``DeferredReply``.
    package var answer: (RequestContext) -> Void

    /// - Parameters:
    ///   - admit: by default admits every body up to the message limit.
    ///   - identify: by default knows every caller.
    package init(
        admit: @escaping (RequestContext) -> BodyAdmission = { _ in .keep(limit: .max, identifyWithin: nil) },
        identify: @escaping (RequestContext) -> Bool = { _ in true }, answer: @escaping (RequestContext) -> Void
    ) {
        self.admit = admit
        self.identify = identify
        self.answer = answer
    }
}
