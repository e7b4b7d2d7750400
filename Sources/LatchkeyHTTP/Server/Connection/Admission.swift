/// What a handler decides from the head of a request with a body.
package enum Admission: ~Copyable {
    /// The request is refused, and the refusal written.
    case answered(ReplyReceipt)
    case admitted(AdmittedRequest)
}
