internal import LatchkeyUpstream

/// The ARN of a KMS key, `arn:aws:kms:REGION:ACCOUNT:key/ID` (Service Authorization Reference, AWS KMS).
package struct KeyARN: Hashable, Sendable {
    package let text: String
    package let region: String
    package let account: String

    /// Returns nil for anything else. An alias cannot be a policy's `Resource`.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", parts[1].hasPrefix("aws"), parts[2] == "kms", !parts[3].isEmpty,
            AccountID(String(parts[4])) != nil, parts[5].hasPrefix("key/"), parts[5].count > 4,
            text.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || ":/-".contains($0)) })
        else { return nil }
        self.text = text
        region = String(parts[3])
        account = String(parts[4])
    }
}
