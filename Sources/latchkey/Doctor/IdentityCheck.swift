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
                        .credentials, "identity", "these are the root user's of account \(identity.account)",
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
                            "compare AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY with where they come from: cut off, "
                            + "quoted or of two different keys"), nil, false
                )
            default:
                // The stores may be reachable although STS is not, as in a network without a route to it.
                return (
                    .warning(
                        .credentials, "identity", "STS cannot say who this is: \(errorFinding.explanation)",
                        remedy: "nothing, where the stores answer; else give the network a way to STS"), nil, true
                )
            }
        }
    }
}
