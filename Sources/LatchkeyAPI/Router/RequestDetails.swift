/// What is kept of a request whose body says what it asks for.
final class RequestDetails {
    /// For routes with ``Access/signed(_:)``: what the head of the request has shown.
    var signedHead: SignedHead?
    /// The names that the body asks for, with the decision about each. Only for the audit log.
    var names: [AccessedName] = []

    init() {}
}
