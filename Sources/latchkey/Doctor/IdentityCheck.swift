internal import LatchkeyCore
internal import LatchkeyUpstream

/// Checks whose AWS credentials are in force.
struct IdentityCheck {
    let client: AWSClient
    let timeout: Duration

    /// - Returns: the finding; the identity if it is known; whether calls can be signed at all.
    func run() async -> (finding: Finding, identity: CallerIdentity?, canSign: Bool) {
        do throws(AWSError) {
            let identity = try await CallerIdentity.of(client, deadline: .current + timeout)
            guard !identity.isRoot else {
                return (
                    .warning(
                        .credentials, "identity",
                        "these are credentials of the root user of account \(identity.account)",
                        remedy: "delete its access keys, and give the broker a role: latchkey policy"),
                    identity, true
                )
            }
            return (.fine(.credentials, "identity", identity.arn), identity, true)
        } catch {
            let errorFinding = AWSErrorFinding(action: "sts:GetCallerIdentity", resource: "*").finding(error)
            switch error.kind {
            case .noCredentials, .expiredCredentials: return (errorFinding, nil, false)
            case .denied:
                // Every principal may call GetCallerIdentity, so a denial means that the signature is invalid.
                return (
                    .problem(
                        exit: .denied, .credentials, "identity",
                        "AWS refuses the signature [\(error.code ?? "no code")]",
                        remedy:
                            "compare AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY with their source: they may be "
                            + "truncated, quoted or from two different keys"), nil, false
                )
            default:
                // The stores may be reachable although STS is not, as in a network without a route to it.
                return (
                    .warning(
                        .credentials, "identity", "STS did not return the identity: \(errorFinding.explanation)",
                        remedy: "nothing if the stores answer; otherwise allow network access to STS"), nil, true
                )
            }
        }
    }
}
