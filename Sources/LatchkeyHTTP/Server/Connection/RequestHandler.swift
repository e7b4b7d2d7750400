/// How a server's requests are answered. Called on the worker's own thread, so it may hold state that is not Sendable.
package struct RequestHandler {
    /// Decides from the head of a request with a body, before any of the body is kept: who the caller is, or what the
    /// refusal is. A refusal is written as the reply, with ``BodyAdmission/answered``.
    package var admit: (RequestContext) -> BodyAdmission
    /// For ``BodyAdmission/keep(limit:callerWithin:)``: looks at the first part of the body. True when the caller is
    /// known; otherwise the reply has been written.
    package var identify: (RequestContext) -> Bool
    /// Answers a whole request: writes the reply at once or takes a ``DeferredReply``.
    package var answer: (RequestContext) -> Void

    /// - Parameters:
    ///   - admit: lets every body in by default, up to the message limit.
    ///   - identify: knows every caller by default.
    package init(
        admit: @escaping (RequestContext) -> BodyAdmission = { _ in .keep(limit: .max, callerWithin: nil) },
        identify: @escaping (RequestContext) -> Bool = { _ in true }, answer: @escaping (RequestContext) -> Void
    ) {
        self.admit = admit
        self.identify = identify
        self.answer = answer
    }
}
