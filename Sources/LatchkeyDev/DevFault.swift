package import LatchkeyAWS
package import LatchkeyHTTP

/// A fault that a test injects into an emulated service.
package enum DevFault: Sendable {
    /// Sends this response and does nothing.
    case response(HTTPResponse)
    /// Sends an AWS error and does nothing.
    case aws(AWSProtocolError)
    /// Carries out the request, then sends this response: the caller does not learn that the request succeeded.
    case afterwards(HTTPResponse)

    /// A response without a body.
    package static func status(_ status: Int, _ fields: HTTPFields = [:]) -> DevFault {
        .response(HTTPResponse(status: status, fields: fields))
    }

    /// 200 without a body.
    package static let emptyBody = DevFault.status(200)
}
