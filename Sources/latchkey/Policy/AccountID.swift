internal import LatchkeyUpstream

/// An AWS account id: twelve digits.
package struct AccountID: Hashable, Sendable {
    package let text: String

    package init?(_ text: String) {
        guard text.utf8.count == 12, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        self.text = text
    }
}
