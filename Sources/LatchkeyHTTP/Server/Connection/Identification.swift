/// What a handler decides from the first part of a body.
package enum Identification: ~Copyable {
    /// The caller is unknown, and the refusal is written. The rest of the body is not read.
    case answered(ReplyReceipt)
    /// The caller is known. `answer` answers the request when its body is complete.
    case identified(answer: RequestHandler.Answer)
}
