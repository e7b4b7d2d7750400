/// How long before its expiry a token stops being fresh.
package struct ExpiryBuffer: Hashable, Sendable {
    /// The default of `LATCHKEY_TOKEN_EXPIRY_BUFFER`.
    package static let standard = ExpiryBuffer(.seconds(300))

    /// The value of `LATCHKEY_TOKEN_EXPIRY_BUFFER`.
    package let configured: Duration

    package init(_ configured: Duration) { self.configured = max(.zero, configured) }

    /// The configured buffer, but at most 20 % of the lifetime. A token of 60 s is therefore fresh for 48 s.
    package func length(lifetime: Duration) -> Duration { max(.zero, min(configured, lifetime / 5)) }
}
