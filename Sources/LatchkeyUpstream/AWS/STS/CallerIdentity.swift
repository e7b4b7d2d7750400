package import LatchkeyCore
internal import LatchkeyMetrics

/// Whose credentials requests are signed with (AWS STS API reference, GetCallerIdentity). Everybody may ask it of
/// himself: no policy can forbid it.
package struct CallerIdentity: Hashable, Sendable {
    /// Twelve digits.
    package let account: String
    /// A user, an assumed role with its session, or the account's root.
    package let arn: String

    package init(account: String, arn: String) {
        self.account = account
        self.arn = arn
    }

    /// The account itself, which no policy bounds (IAM User Guide, "AWS account root user").
    package var isRoot: Bool { arn.hasSuffix(":root") }

    /// Asks STS.
    package static func of(_ client: AWSClient, deadline: MonotonicTime) async throws(AWSError) -> CallerIdentity {
        let answer = try await client.call(.sts, quota: nil, deadline: { deadline }) {
            AWSClient.Message(
                form: [("Action", "GetCallerIdentity"), ("Version", "2011-06-15")], .getCallerIdentity,
                elements: ["Account", "Arn"])
        }
        guard let account = answer["Account"]?.string, let arn = answer["Arn"]?.string else {
            throw AWSError(.invalidAnswer)
        }
        return CallerIdentity(account: account, arn: arn)
    }
}
