internal import LatchkeyAWS

/// An AWS account id: twelve digits.
package struct AccountID: Hashable, Sendable {
    package let text: String

    package init?(_ text: String) {
        guard AmazonResourceName.isAccount(text) else { return nil }
        self.text = text
    }
}
