/// How long before its expiry a token stops being fresh: 300 s by default (`LATCHKEY_TOKEN_EXPIRY_BUFFER`).
package struct ExpiryBuffer: Hashable, Sendable {
    /// The value of `LATCHKEY_TOKEN_EXPIRY_BUFFER`.
    package let configured: Duration

    package init(_ configured: Duration = .seconds(300)) { self.configured = max(.zero, configured) }

    /// The configured buffer, but at most 20 % of the lifetime. A token of 60 s is therefore fresh for 48 s.
    package func length(lifetime: Duration) -> Duration { max(.zero, min(configured, lifetime / 5)) }
}
