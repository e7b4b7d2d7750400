/// How long what one store says is believed.
package struct SecretTTLs: Hashable, Sendable {
    /// How long a value is served without asking again. Zero: each request asks the store; those that come while it is
    /// asked share its answer.
    package var fresh: Duration
    /// How long a known absence is believed.
    package var negative: Duration

    package init(fresh: Duration, negative: Duration) {
        self.fresh = fresh
        self.negative = negative
    }
}
