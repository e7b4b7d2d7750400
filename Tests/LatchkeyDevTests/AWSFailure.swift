import LatchkeyCore
import LatchkeyHTTP

/// An AWS error response.
struct AWSFailure: Error, Equatable {
    let type: String
    let message: String?
    let status: Int

    init(_ response: HTTPResponse, _ body: JSON) {
        type = body["__type"]?.string ?? ""
        message = body["message"]?.string ?? body["Message"]?.string
        status = response.status
    }
}
