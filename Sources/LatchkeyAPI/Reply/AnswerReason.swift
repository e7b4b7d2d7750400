/// Why an answer gives nothing out, for the audit log.
final class AnswerReason: Sendable {
    /// The code in the answer.
    let code: String
    /// Whether the caller may not have what it asks for. Otherwise the request has failed.
    let isDenial: Bool

    init(_ code: String, isDenial: Bool) {
        self.code = code
        self.isDenial = isDenial
    }
}
