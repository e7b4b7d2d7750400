/// The failure of a call to Secrets Manager or Parameter Store.
package struct StoreFailure: Error, Hashable, Sendable {
    /// What the failure means for the next step.
    package enum Kind: String, Hashable, Sendable {
        /// The caller lacks the permission; a retry fails again.
        case denied
        /// The store did nothing; a later retry may succeed.
        case throttled
        /// There was no answer, or none that can be trusted. A write may have taken effect.
        case unsure
        /// The store does not accept the request.
        case refused
    }

    package var kind: Kind
    /// The store's error code or one of Latchkey's; safe to log.
    package var code: String

    package init(_ kind: Kind, code: String) {
        self.kind = kind
        self.code = code
    }

    /// Whether the same call may succeed later.
    package var isTransient: Bool { kind == .throttled || kind == .unsure }
}
