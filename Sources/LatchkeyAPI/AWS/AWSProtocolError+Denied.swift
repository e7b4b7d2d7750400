internal import LatchkeyAWS

extension AWSProtocolError {
    /// `AccessDeniedException` in the words of AWS, with the reason.
    static func denied(_ caller: String, _ action: String, _ why: String) -> AWSProtocolError {
        AWSProtocolError(
            "AccessDeniedException", "User: \(caller) is not authorized to perform: \(action) because \(why)")
    }
}
