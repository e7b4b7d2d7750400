/// What becomes of a request's body, decided from its head alone (RFC 9110 §15.5.2, RFC 9112 §9.3).
package enum BodyAdmission: Sendable {
    /// The reply has been written from the head. The body is read to its end without being kept.
    case answered
    /// The route has no use for a body. It is read to its end without being kept, and then the request is answered.
    case skip
    /// The body is collected, at most `limit` bytes of it; past that the request is refused with 413.
    ///
    /// - `callerWithin`: the credential stands in the body. After so many bytes
    ///   ``RequestHandler/identify`` is asked once whether the caller is known by now. Nil where the head has told.
    case keep(limit: Int, callerWithin: Int?)
}
