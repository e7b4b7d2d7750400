internal import LatchkeyCore
package import LatchkeyHTTP

/// An error as AWS JSON 1.1 writes it: `__type` and a message, status 400 unless the service itself is at fault.
package struct AWSFault: Error, Hashable, Sendable {
    package var type: String
    /// Some errors have none on the wire (`ParameterNotFound`).
    package var message: String?
    package var status: Int

    package init(_ type: String, _ message: String? = nil, status: Int = 400) {
        self.type = type
        self.message = message
        self.status = status
    }

    /// A member that breaks a rule of the model, in the words of AWS's validation framework.
    /// - Parameter value: shown when given; left out for secret values.
    package static func constraint(_ member: String, value: String? = nil, _ rule: String) -> AWSFault {
        let shown = value.map { " '\($0)'" } ?? ""
        return validation(
            "1 validation error detected: Value\(shown) at '\(member)' failed to satisfy constraint: Member must \(rule)"
        )
    }

    package static func validation(_ message: String) -> AWSFault { AWSFault("ValidationException", message) }

    /// Secrets Manager's code for a secret that waits for its deletion (GetSecretValue, `InvalidRequestException`).
    package static let invalidState = "InvalidRequestException"

    /// Parameter Store's answer past the account's requests a second.
    package static let throttled = AWSFault("ThrottlingException", "Rate exceeded")

    /// The error on the wire.
    /// - Parameter member: what the message is called. Secrets Manager spells it `Message`, Systems Manager `message`.
    package func response(messageMember member: String = "message") -> HTTPResponse {
        var members: JSONObject = ["__type": .string(type)]
        if let message { members[member] = .string(message) }
        return HTTPResponse(
            status: status, fields: ["Content-Type": "application/x-amz-json-1.1"], body: JSON.object(members).bytes())
    }
}
