package import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyMetrics

/// A function's environment, as Lambda keeps it.
package struct FunctionEnvironment: Sendable {
    /// Every variable; values may be secrets.
    package var variables: [String: String]
    /// What a change must name, so that it undoes no other (UpdateFunctionConfiguration, `RevisionId`).
    package var revision: String?
}

/// AWS Lambda, as far as a function's environment goes.
package struct Lambda: Sendable {
    private let client: AWSClient

    package init(_ client: AWSClient) { self.client = client }

    /// The variables of a function, by its name or ARN.
    package func environment(
        of function: String, deadline: MonotonicTime
    ) async throws(AWSError) -> FunctionEnvironment {
        let answer = try await call("GET", function, .getFunctionConfiguration, nil, deadline)
        if answer["Environment"]?["Error"]?["ErrorCode"]?.string != nil {
            // The variables could not be decrypted: writing what is left would lose them.
            throw AWSError(.denied, code: "KMSAccessDeniedException", hint: "Lambda cannot decrypt the variables")
        }
        let variables = answer["Environment"]?["Variables"]?.object ?? [:]
        return FunctionEnvironment(
            variables: variables.compactMapValues(\.string),
            revision: answer["RevisionId"]?.string)
    }

    /// Replaces a function's variables, all of them. A revision that is no more is an error, and so is a function that
    /// is being changed (`ResourceConflictException`).
    package func setEnvironment(
        of function: String, to environment: FunctionEnvironment, deadline: MonotonicTime
    ) async throws(AWSError) {
        var body: JSONObject = [
            "Environment": ["Variables": .object(JSONObject(environment.variables.map { ($0, .string($1)) }))]
        ]
        body["RevisionId"] = environment.revision.map { .string($0) }
        _ = try await call("PUT", function, .updateFunctionConfiguration, .object(body), deadline)
    }

    private func call(
        _ method: String, _ function: String, _ operation: Operation, _ body: JSON?, _ deadline: MonotonicTime
    ) async throws(AWSError) -> JSON {
        let path = "/2015-03-31/functions/\(PercentEncoding.encode(function))/configuration"
        let message = AWSClient.Message(method: method, path: path, operation, body)
        return try await client.call(.lambda, quota: nil, isRetried: method == "GET", deadline: { deadline }) {
            message
        }
    }
}
