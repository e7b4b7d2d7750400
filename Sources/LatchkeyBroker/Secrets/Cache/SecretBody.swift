/// A secret as JSON, as an endpoint has rendered it. It is released with the entry, and its bytes are overwritten then
/// (Decision 0014).
package final class SecretBody: Sendable {
    package let bytes: [UInt8]
    private let budget: ParsedText.Budget

    /// - Parameter budget: the length was taken from it.
    init(_ bytes: [UInt8], _ budget: ParsedText.Budget) {
        self.bytes = bytes
        self.budget = budget
    }

    deinit { budget.giveBack(bytes.count) }
}
