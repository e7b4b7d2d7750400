internal import LatchkeyAWS

extension AWSProtocolError {
    static let accessDenied = "AccessDeniedException"

    /// `AccessDeniedException` in the words of AWS, with the reason.
    static func denied(_ caller: String, _ action: String, _ why: String) -> AWSProtocolError {
        AWSProtocolError(
            accessDenied, "User: \(caller) is not authorized to perform: \(action) because \(why)")
    }

    /// The error for what the caller may not have. It says nothing of the name, and is the same whether it exists or not.
    static func denied(_ caller: String, _ operation: AWSReadOperation) -> AWSProtocolError {
        denied(caller, operation.action, notAllowed)
    }

    /// Why a name is refused.
    static let notAllowed = "the callers file does not allow it"
}
