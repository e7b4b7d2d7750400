package import LatchkeyBroker
package import LatchkeyCore
internal import LatchkeyHTTP
internal import Synchronization

/// Callers who wait for a secret to change (`?wait=` with `If-None-Match`): each is answered at the first look that
/// finds another tag, and at the end of its wait with what there is. Who has gone gives up its place at the next look.
package final class SecretChangeWaiter: Sendable {
    /// The longest wait a caller may ask for.
    static let maxWait = 60
    /// Callers who wait at once; more are refused as `overloaded`.
    static let maxWaiters = 1000
    /// Between two looks. A value younger than that is not fetched again, so a store sees one call in it for however
    /// many callers wait for the same secret.
    static let interval: Duration = .seconds(5)

    private let secrets: SecretBroker
    /// Whether the process is about to end: then everybody who waits is answered.
    private let isDraining: @Sendable () -> Bool
    private let time: TimeSource
    private let count = Atomic<Int>(0)

    package init(secrets: SecretBroker, isDraining: @escaping @Sendable () -> Bool, time: TimeSource) {
        self.secrets = secrets
        self.isDraining = isDraining
        self.time = time
    }

    /// Takes a place; false when there is none left. ``release()`` gives it back.
    func acquire() -> Bool {
        guard count.add(1, ordering: .relaxed).newValue <= Self.maxWaiters else {
            release()
            return false
        }
        return true
    }

    func release() { count.subtract(1, ordering: .relaxed) }

    /// The first answer whose tag `holds` refuses; or at `end`, when the caller or the process is on its way out, the last
    /// one.
    ///
    /// - Parameters:
    ///   - patience: the longest one look may take.
    ///   - isAwaited: whether the caller is still there.
    func answer(
        to query: SecretQuery, until end: MonotonicTime, timeout: Duration, isAwaited: @Sendable () -> Bool,
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
            guard holds(served), now.monotonic < end, isAwaited(), !isDraining() else {
                return .success(served)
            }
            let pause = Self.interval * Double.random(in: 0.9..<1.1)
            try? await Task.sleep(for: min(pause, end - now.monotonic))
            isFirst = false
        }
    }
}
