import LatchkeyBroker

/// A write to the shared tier, as one request to the store.
enum StoreRequest: Sendable {
    /// The token of a pair, to a parameter.
    case token(String)
    /// The expiry of a pair, to a parameter.
    case expires(String)
    /// A pair in one step, to a table.
    case pair(StoredToken)
    case lease(LeaseClaim)
}
