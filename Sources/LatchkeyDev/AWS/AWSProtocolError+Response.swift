internal import LatchkeyAWS
internal import LatchkeyHTTP

extension AWSProtocolError {
    /// The response with this error, with the member names of the service.
    func response(from service: EmulatedService) -> HTTPResponse {
        response(messageMember: service == .secretsManager ? "Message" : "message")
    }
}
