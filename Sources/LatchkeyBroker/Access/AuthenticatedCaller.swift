/// A caller whose credential is valid, as it is passed on with a request. It holds no references, so that it is copied
/// without reference counting. ``KeyRing/caller(_:)`` has the rest.
package struct AuthenticatedCaller: Sendable {
    /// The place of the caller in the ``KeyRing`` that it was found in.
    let index: Int32
    package let scopes: Scopes
    package let credential: CredentialKind
    /// The ordinal of the caller in the metrics.
    package let label: UInt8
    /// Whether it may have every secret and every profile.
    package let isUnrestricted: Bool
    /// Whether it may have the default profile's token.
    package let hasDefaultProfile: Bool

    /// A number of its own for each caller and kind of credential, from 0 on.
    package var place: Int { Int(index) * 5 + credential.ordinal }

    /// Whether it may use a route that needs these scopes.
    package func opens(_ needed: Scopes) -> Bool { scopes.opens(needed) }
}
