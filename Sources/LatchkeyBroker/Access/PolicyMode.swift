/// Whether secrets and profiles are refused by the callers file. Credentials and scopes are enforced in both modes.
package enum PolicyMode: String, Hashable, Sendable, CaseIterable {
    case enforce
    /// What would be refused is answered, counted, logged and audited.
    case observe
}
