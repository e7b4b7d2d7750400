/// A request whose body is received, because the handler has accepted its head.
///
/// The functions keep what the head has shown, such as the caller, so that it is not decided again. They must not keep
/// bytes of the head, which move.
package struct AdmittedRequest {
    /// What happens to the body.
    package let body: BodyAdmission
    /// Identifies the caller from the first part of the body, for ``BodyAdmission/keep(limit:identifyWithin:)``.
    package let identify: ((RequestContext, consuming ReplyWriter) -> Identification)?
    /// Answers the request when its body is complete.
    package let answer: RequestHandler.Answer

    package init(
        body: BodyAdmission,
        identify: ((RequestContext, consuming ReplyWriter) -> Identification)? = nil,
        answer: @escaping RequestHandler.Answer
    ) {
        self.body = body
        self.identify = identify
        self.answer = answer
    }
}
