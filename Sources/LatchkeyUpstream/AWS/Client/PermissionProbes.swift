/// Calls that change nothing and show whether the caller has a permission.
///
/// AWS checks the permission before it looks at the rest of the request. Any error other than a denial therefore means
/// that the permission is there. The probes are in the extensions `ParameterStore+Probes`, `SecretsManager+Probes` and
/// `DynamoDB+Probes`.
enum PermissionProbes {
    /// Makes a call. Errors of `kinds` count as success.
    static func run(
        expecting kinds: Set<AWSError.Kind>, _ call: () async throws(AWSError) -> Void
    ) async throws(AWSError) {
        do throws(AWSError) {
            try await call()
        } catch {
            if !kinds.contains(error.kind) { throw error }
        }
    }
}
