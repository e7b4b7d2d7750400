import LatchkeyCore
import Testing

/// A request that AWS rejects, and the error.
struct RejectedRequest: CustomTestStringConvertible, Sendable {
    /// The document that says so.
    let source: String
    let operation: String
    let input: JSON
    let type: String
    /// A part of the error message.
    var messagePart = ""

    var testDescription: String { "\(operation): \(source)" }
}
