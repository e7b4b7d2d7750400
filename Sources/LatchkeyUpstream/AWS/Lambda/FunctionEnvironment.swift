/// The environment of a Lambda function.
package struct FunctionEnvironment: Sendable {
    /// All variables. Values may be secret.
    package var variables: [String: String]
    /// The revision of the configuration. A change names it, so that it cannot undo another change
    /// (UpdateFunctionConfiguration, `RevisionId`).
    package var revision: String?
}
