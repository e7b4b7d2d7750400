/// An authenticated client of the broker.
package struct Caller: Hashable, Sendable {
    package let id: String
    package let scopes: Scopes

    package init(id: String, scopes: Scopes) {
        self.id = id
        self.scopes = scopes
    }

    /// The holder of `LATCHKEY_API_KEY`.
    package static let `default` = Caller(id: "default", scopes: .all)
}
