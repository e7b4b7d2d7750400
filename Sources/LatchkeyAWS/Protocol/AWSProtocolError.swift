internal import LatchkeyCore
package import LatchkeyHTTP

/// An error in the form of AWS JSON 1.1: `__type`, a message, and a status, which is 400 unless the service is at
/// fault.
package struct AWSProtocolError: Error, Hashable, Sendable {
    package var type: String
    /// Some errors have no message (`ParameterNotFound`).
    package var message: String?
    package var status: Int

    package init(_ type: String, _ message: String? = nil, status: Int = 400) {
        self.type = type
        self.message = message
        self.status = status
    }

    /// An error of the layer that all services share. Its name has a prefix ending in `#`, which clients remove.
    package init(common type: String, _ message: String? = nil) {
        self.init("com.amazon.coral.service#\(type)", message)
    }

    /// A member that breaks a constraint of the service model, in the words of AWS's validation.
    ///
    /// - Parameter value: the value to show; nil for secrets.
    package static func constraint(_ member: String, value: String? = nil, _ rule: String) -> AWSProtocolError {
        let shown = value.map { " '\($0)'" } ?? ""
        return validation(
            "1 validation error detected: Value\(shown) at '\(member)' failed to satisfy constraint: Member must \(rule)"
        )
    }

    package static func validation(_ message: String) -> AWSProtocolError {
        AWSProtocolError("ValidationException", message)
    }

    /// Secrets Manager's code for a secret that waits for its deletion (GetSecretValue, `InvalidRequestException`).
    package static let invalidState = "InvalidRequestException"

    /// The error that Parameter Store sends when the account exceeds its request rate.
    package static let throttled = AWSProtocolError("ThrottlingException", "Rate exceeded")

    /// The HTTP response for the error.
    ///
    /// - Parameter member: the name of the message's member. Secrets Manager uses `Message`, Systems Manager `message`.
    package func response(messageMember member: String = "message") -> HTTPResponse {
        var members: JSONObject = ["__type": .string(type)]
        if let message { members[member] = .string(message) }
        return HTTPResponse(
            status: status, fields: ["Content-Type": AWSJSON.contentType], body: JSON.object(members).bytes())
    }
}
