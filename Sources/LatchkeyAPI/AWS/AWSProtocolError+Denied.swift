internal import LatchkeyAWS

extension AWSProtocolError {
    static let accessDenied = "AccessDeniedException"

    /// `AccessDeniedException` in the words of AWS, with the reason.
    static func denied(_ caller: String, _ action: String, _ why: String) -> AWSProtocolError {
        AWSProtocolError(
            accessDenied, "User: \(caller) is not authorized to perform: \(action) because \(why)")
    }
}
