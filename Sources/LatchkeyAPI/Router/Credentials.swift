internal import LatchkeyBroker
internal import LatchkeyMetrics

/// What authentication and the decision about access have found out about a request.
struct Credentials {
    /// The authenticated caller. Nil for open routes, and for an OAuth client until its body is read.
    var caller: AuthenticatedCaller?
    /// Why there is no caller, or why it may not use the route; nil if it may.
    var failure: AuthFailure?
    /// The decision about the named secret or profile; the strictest one if there are several names.
    var decision: AccessDecision?
    /// Nil for most requests.
    var details: RequestDetails?
}
