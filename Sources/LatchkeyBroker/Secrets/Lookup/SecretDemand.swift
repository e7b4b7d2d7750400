/// How new an answer has to be.
package enum SecretDemand: Hashable, Sendable {
    /// From memory, else from a store.
    case cached
    /// A caller demands what the store holds now (`refresh=true`).
    ///
    /// A read in progress is not joined. One such read is made in 2 s for each item; any other caller in that time gets
    /// the result of an earlier read, together with ``UpstreamFault/refreshFloor``.
    case forced
    /// Latchkey itself needs what the store holds now. This is not rate limited, so it is for rare events.
    case reread
    /// Latchkey itself checks a value. A value in memory that is younger than this is sufficient, and so is a read in
    /// progress. It does not use up a caller's forced read.
    case recent(maximumAge: Duration)

    /// Whether the answer is for a caller, or for Latchkey on a caller's behalf (`LATCHKEY_PREFETCH`).
    var isCallers: Bool {
        switch self {
        case .cached, .forced: true
        case .reread, .recent: false
        }
    }
}
