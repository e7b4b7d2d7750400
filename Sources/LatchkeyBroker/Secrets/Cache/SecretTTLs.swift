/// How long the values and absences of one store are cached.
package struct SecretTTLs: Hashable, Sendable {
    /// How long a value is served without another read. With zero, every request reads the store, and requests that
    /// arrive during a read share its result.
    package var fresh: Duration
    /// How long a known absence is served.
    package var negative: Duration

    package init(fresh: Duration, negative: Duration) {
        self.fresh = fresh
        self.negative = negative
    }
}
