package import LatchkeyCore

// See PermissionProbes.

extension SecretsManager {
    /// Lists at most one secret.
    package func probeList(deadline: MonotonicTime) async throws(AWSError) {
        _ = try await client.call(.listSecrets, ["MaxResults": 1], deadline: deadline)
    }
}
