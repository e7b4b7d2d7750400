/// How a TLS handshake with a client ended.
package enum HandshakeOutcome: Int, Label {
    /// A new session.
    case ok
    /// An earlier session was resumed.
    case resumed
    /// The client and the server do not agree, or the client's certificate is invalid.
    case failed
    /// The client went away before the end. Port scans and load balancers that only connect do.
    case aborted
    /// The client took longer than the limit.
    case timedOut
    /// Closed for newer connections, because too many were unfinished.
    case refused

    package var label: String {
        switch self {
        case .ok: "ok"
        case .resumed: "resumed"
        case .failed: "failed"
        case .aborted: "aborted"
        case .timedOut: "timed_out"
        case .refused: "refused"
        }
    }
}
