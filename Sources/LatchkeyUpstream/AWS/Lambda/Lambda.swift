package import LatchkeyCore
internal import LatchkeyHTTP

/// The environment variables of functions of AWS Lambda.
package struct Lambda: Sendable {
    private let client: AWSClient

    package init(_ client: AWSClient) { self.client = client }

    /// The environment of a function.
    /// - Parameter function: its name or ARN.
    package func environment(
        of function: String, deadline: MonotonicTime
    ) async throws(AWSError) -> FunctionEnvironment {
        let response = try await call(
            .getFunctionConfiguration, method: "GET", function: function, body: nil, deadline: deadline)
        if response["Environment"]?["Error"]?["ErrorCode"]?.string != nil {
            // Writing an environment that could not be read would delete its variables.
            throw AWSError(
                .denied, code: "KMSAccessDeniedException",
                hint: "Lambda cannot decrypt the function's variables: check the policy of its KMS key")
        }
        let variables = response["Environment"]?["Variables"]?.object ?? [:]
        return FunctionEnvironment(
            variables: variables.compactMapValues(\.string),
            revision: response["RevisionId"]?.string)
    }

    /// Replaces all variables of a function.
    /// - Throws: for a revision that is no longer the current one, and for a function that is being changed
    ///   (`ResourceConflictException`).
    package func setEnvironment(
        of function: String, to environment: FunctionEnvironment, deadline: MonotonicTime
    ) async throws(AWSError) {
        var body: JSONObject = [
            "Environment": ["Variables": .object(JSONObject(environment.variables.map { ($0, .string($1)) }))]
        ]
        body["RevisionId"] = environment.revision.map { .string($0) }
        _ = try await call(
            .updateFunctionConfiguration, method: "PUT", function: function, body: .object(body), deadline: deadline)
    }

    private func call(
        _ operation: AWSOperation, method: String, function: String, body: JSON?, deadline: MonotonicTime
    ) async throws(AWSError) -> JSON {
        let path = "/2015-03-31/functions/\(PercentEncoding.encode(function))/configuration"
        let request = AWSRequest(rest: operation, method: method, path: path, body: body)
        return try await client.call(.lambda, quota: nil, isRetried: method == "GET", deadline: { deadline }) {
            request
        }
    }
}
