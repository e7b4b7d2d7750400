/// Lets replies leave only after the handler has recorded the requests of a turn, all with one call.
///
/// A handler marks a reply with ``ReplyReceipt/awaitCommit(kind:)``. At the end of the turn ``commit`` is called once for all
/// connections of the worker, and then the replies are sent.
package struct ReplyCommit {
    /// Writes another reply to a request.
    ///
    /// - `rendered`: the reply that must not leave, from its status line on. It has what the other one should repeat, such as
    ///   the id of the request.
    /// - `kind`: what the handler has said about the request.
    package typealias Refuse = (
        _ rendered: UnsafeRawBufferPointer, _ kind: Int, consuming ReplyWriter
    ) -> ReplyReceipt

    /// Called at the end of each turn. False if marked replies must not leave.
    package var commit: () -> Bool
    /// Answers in place of a marked reply that must not leave.
    package var refuse: Refuse

    package init(commit: @escaping () -> Bool, refuse: @escaping Refuse) {
        self.commit = commit
        self.refuse = refuse
    }
}
