/// The functions that answer the requests of one worker. They run on the thread of the worker, so they may use state that
/// is not Sendable.
package struct RequestHandler {
    /// Answers a complete request, or defers the reply with ``RequestContext/deferReply(_:blocksPipeline:start:)``.
    package typealias Answer = (RequestContext, consuming ReplyWriter) -> ReplyReceipt

    /// Decides from the head of a request with a body, before the body is received, who the caller is and what happens to
    /// the body. The writer is for a refusal.
    package var admit: (RequestContext, consuming ReplyWriter) -> Admission
    /// Answers a request without a body.
    package var answer: Answer
    /// Holds marked replies back until their requests are recorded; nil if none is ever marked.
    package var commit: ReplyCommit?

    /// - Parameter admit: by default admits every body up to the message limit.
    package init(
        admit: ((RequestContext, consuming ReplyWriter) -> Admission)? = nil, answer: @escaping Answer,
        commit: ReplyCommit? = nil
    ) {
        self.commit = commit
        self.admit =
            admit ?? { _, _ in .admitted(AdmittedRequest(body: .keep(limit: .max, identifyWithin: nil), answer: answer))
            }
        self.answer = answer
    }
}
