/// What happens to the body of a request, decided from its head (RFC 9110 §10.1.1 and §15.5.2, RFC 9112 §9.3).
package enum BodyAdmission: Sendable {
    /// The reply has been written. The body is read to its end and discarded, so that the connection can be reused.
    case answered
    /// The route uses no body. The body is read to its end and discarded, and then the request is answered.
    case skip
    /// The body is collected, up to `limit` bytes; a larger one is rejected with 413.
    ///
    /// - `identifyWithin`: for a body that contains the credential of its caller. After this many bytes
    ///   ``AdmittedRequest/identify`` is called once. Nil when the head has authenticated the caller.
    case keep(limit: Int, identifyWithin: Int?)
}
