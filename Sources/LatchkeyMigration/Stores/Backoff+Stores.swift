package import LatchkeyCore

extension Backoff {
    /// The delays between reads that wait for an acknowledged write to become visible: Parameter Store is eventually
    /// consistent.
    package static let untilVisible = Backoff(base: .milliseconds(200), cap: .milliseconds(3200), jitter: .none)
    /// The delays between the attempts to copy one secret.
    static let copying = Backoff(base: .milliseconds(200), cap: .milliseconds(6400), jitter: .none)
    /// The delays between the attempts to switch the backend of a fleet or function.
    package static let switching = Backoff(base: .seconds(1), cap: .seconds(4), jitter: .none)
    /// The delays between the attempts of one read.
    static let reading = Backoff(base: .milliseconds(500), cap: .seconds(8), jitter: .equal)
}
