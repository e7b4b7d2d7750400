internal import LatchkeyCore
internal import LatchkeyHTTP

extension HTTPResponse {
    /// A response with a JSON body.
    static func json(_ status: Int, _ value: JSON) -> HTTPResponse {
        HTTPResponse(status: status, fields: ["Content-Type": "application/json"], body: value.bytes())
    }
}
