package import LatchkeyAWS

extension AWSFault {
    /// The words an SDK's user knows, and why.
    package static func denied(_ caller: String, _ action: String, _ why: String) -> AWSFault {
        AWSFault("AccessDeniedException", "User: \(caller) is not authorized to perform: \(action) because \(why)")
    }
}
