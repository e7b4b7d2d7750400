package import LatchkeyCore

/// Whose credentials sign the requests (AWS STS API Reference, GetCallerIdentity). Every caller may ask this about
/// itself; no policy can forbid it.
package struct CallerIdentity: Hashable, Sendable {
    /// Twelve digits.
    package let account: String
    /// A user, an assumed role with its session, or the account's root.
    package let arn: String

    package init(account: String, arn: String) {
        self.account = account
        self.arn = arn
    }

    /// Whether this is the account's root user, which policies do not restrict (IAM User Guide, "AWS account root
    /// user").
    package var isRoot: Bool { arn.hasSuffix(":root") }

    /// Asks STS.
    package static func of(_ client: AWSClient, deadline: MonotonicTime) async throws(AWSError) -> CallerIdentity {
        let response = try await client.call(.sts, quota: nil, deadline: { deadline }) {
            AWSRequest(query: .getCallerIdentity, elements: ["Account", "Arn"])
        }
        guard let account = response["Account"]?.string, let arn = response["Arn"]?.string else {
            throw AWSError(.invalidAnswer)
        }
        return CallerIdentity(account: account, arn: arn)
    }
}
