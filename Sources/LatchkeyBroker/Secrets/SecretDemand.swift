/// How new an answer has to be.
package enum SecretDemand: Hashable, Sendable {
    /// What memory has, else what a store says.
    case cached
    /// A caller demands what the store holds when it asks, or later (`refresh=true`). A read that is under way is not
    /// joined. At most one such read in 2 s for each item; who comes sooner gets what there is, and is told so.
    case forced
    /// Latchkey itself needs what the store holds now. Not bounded, so it is for what happens rarely.
    case reread
    /// Latchkey itself looks how things stand: a value from memory will do if it is younger than this, and so will a
    /// read that is under way. It takes no forced read from anybody.
    case look(maximumAge: Duration)

    /// Whether a caller asks, or Latchkey on a caller's behalf or ahead of callers (`LATCHKEY_PREFETCH`).
    var isCallers: Bool {
        switch self {
        case .cached, .forced: true
        case .reread, .look: false
        }
    }

    /// Whether a read that is under way is too old.
    var needsNewRead: Bool {
        switch self {
        case .forced, .reread: true
        case .cached, .look: false
        }
    }
}
