internal import LatchkeyService
internal import LatchkeyUpstream

/// Turns the error of an AWS call into a finding.
struct AWSErrorFinding {
    /// The IAM action, such as `ssm:GetParameter`.
    let action: String
    /// The ARN of the resource.
    let resource: String

    func finding(_ error: AWSError) -> Finding {
        var finding = assessed(error)
        finding.resource = resource
        return finding
    }

    private func assessed(_ error: AWSError) -> Finding {
        let code = (error.code ?? error.transport?.code).map { " [\($0)]" } ?? ""
        if error.concernsKMSKey { return Self.key("the value cannot be decrypted\(code)") }
        switch error.kind {
        case .denied:
            return .problem(
                exit: .denied, .permission, action, "\(action) is refused on \(resource)\(code)",
                remedy:
                    "allow it in the role's policy (latchkey policy prints it); otherwise check for a permissions boundary, "
                    + "a service control policy or the policy of a VPC endpoint")
        case .expiredCredentials:
            return .problem(
                exit: .denied, .credentials, action, "AWS no longer accepts the credentials\(code)",
                remedy:
                    "renew them (aws sso login, a new access key), and restart the processes that have the old ones in their environment"
            )
        case .noCredentials:
            return .problem(
                exit: .configuration, .credentials, action, error.hint ?? "there are no AWS credentials",
                remedy:
                    "run this command with the environment and user of the broker, and configure AWS credentials for both"
            )
        case .notFound, .alreadyExists, .conditionFailed, .invalidRequest:
            return .problem(
                exit: .configuration, .permission, action, "\(action) is not accepted for \(resource)\(code)",
                remedy: "check LATCHKEY_PREFIX, LATCHKEY_SHARED_TIER and AWS_REGION: AWS does not accept this name")
        case .throttled:
            return .problem(
                exit: .unavailable, .permission, action, "\(action) is throttled\(code)",
                remedy: "wait, and lower LATCHKEY_SSM_MAX_TPS on every replica, or raise the account's quota")
        case .unavailable, .timedOut, .invalidAnswer:
            return .problem(
                exit: .unavailable, .endpoint, action, "\(action) got no valid response\(code)",
                remedy: "check the network path to the endpoint: security group, VPC endpoint, proxy, AWS_ENDPOINT_URL")
        }
    }

    static func key(_ explanation: String) -> Finding {
        .problem(
            exit: .denied, .key, "kms:Decrypt", "\(explanation): the role may read it, but may not use the KMS key",
            remedy:
                "latchkey policy --kms-key ARN prints the statement; the key's own policy must allow the account or role"
        )
    }
}
