internal import LatchkeyBroker

/// What authentication has found out about the sender of a request.
struct Credentials {
    /// The authenticated caller. Nil for open routes, and for an OAuth client until its body is read.
    var caller: Caller?
    /// For routes with ``Access/signed(_:)``: what the head of the request has shown.
    var signedHead: SignedHead?
}
