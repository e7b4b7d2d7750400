/// The environment variable by which a Lambda function of the application chooses its secret store. `cutover` and
/// `rollback` set it with `--lambda-function`.
package enum BackendVariable {
    package static let name = "USE_PARAMETER_STORE"

    /// `variables` with this one set for `backend` and all others unchanged.
    package static func merged(into variables: [String: String], _ backend: FleetBackend) -> [String: String] {
        variables.merging([name: backend == .parameterStore ? "true" : "false"]) { $1 }
    }
}
