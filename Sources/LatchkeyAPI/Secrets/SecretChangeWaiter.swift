package import LatchkeyBroker
package import LatchkeyCore
internal import LatchkeyHTTP
internal import Synchronization

/// Lets callers wait for a secret to change (`?wait=` with `If-None-Match`).
///
/// A caller is answered at the first check that finds another entity tag, or with the current value when its wait ends.
/// A caller that has disconnected gives up its place at the next check.
package final class SecretChangeWaiter: Sendable {
    /// Maximum wait in seconds.
    static let maxWait = 60
    /// Maximum number of waiting callers; more are refused as `overloaded`.
    static let maxWaiters = 1000
    /// Time between two checks. A value younger than this is not fetched again, so a store gets one call per interval,
    /// however many callers wait for the same secret.
    static let interval: Duration = .seconds(5)

    private let secrets: SecretBroker
    /// Whether the process is draining. Then all waiting callers are answered.
    private let isDraining: @Sendable () -> Bool
    private let time: Timing
    private let count = Atomic<Int>(0)

    package init(secrets: SecretBroker, isDraining: @escaping @Sendable () -> Bool, time: Timing) {
        self.secrets = secrets
        self.isDraining = isDraining
        self.time = time
    }

    /// Takes a place; false if none is left. ``release()`` returns it.
    func acquire() -> Bool {
        guard count.add(1, ordering: .relaxed).newValue <= Self.maxWaiters else {
            release()
            return false
        }
        return true
    }

    func release() { count.subtract(1, ordering: .relaxed) }

    /// Returns the first answer that `holds` rejects, or the last one when `end` is reached, the caller has gone or the
    /// process is draining.
    ///
    /// - Parameters:
    ///   - timeout: the limit for a single check.
    ///   - isCallerConnected: whether the caller is still connected.
    func answer(
        to query: SecretQuery, until end: MonotonicTime, timeout: Duration, isCallerConnected: @Sendable () -> Bool,
        while holds: @Sendable (ServedSecret) -> Bool
    ) async -> Result<ServedSecret, UpstreamFault> {
        var isFirst = true
        while true {
            let served: ServedSecret
            do throws(UpstreamFault) {
                let deadline = time.now().monotonic + timeout
                served = try await secrets.secret(
                    query, demand: isFirst ? .cached : .recent(maximumAge: Self.interval), deadline: deadline)
            } catch {
                return .failure(error)
            }
            let now = time.now()
            guard holds(served), now.monotonic < end, isCallerConnected(), !isDraining() else {
                return .success(served)
            }
            let pause = Self.interval * Double.random(in: 0.9..<1.1)
            try? await Task.sleep(for: min(pause, end - now.monotonic))
            isFirst = false
        }
    }
}
