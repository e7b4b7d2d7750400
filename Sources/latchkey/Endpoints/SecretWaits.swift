internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyHTTP
internal import Synchronization

/// Callers who wait for a secret to change (`?wait=` with `If-None-Match`): each is answered at the first look that
/// finds another tag, and at the end of its wait with what there is. Who has gone gives up its place at the next look.
final class SecretWaits: Sendable {
    /// The longest wait a caller may ask for.
    static let longest = 60
    /// Callers who wait at once; more are refused as `overloaded`.
    static let most = 1000
    /// Between two looks. A value younger than that is not fetched again, so a store sees one call in it for however
    /// many callers wait for the same secret.
    static let interval: Duration = .seconds(5)

    private let secrets: SecretBroker
    private let readiness: Readiness
    private let time: TimeSource
    private let count = Atomic<Int>(0)

    init(secrets: SecretBroker, readiness: Readiness, time: TimeSource) {
        self.secrets = secrets
        self.readiness = readiness
        self.time = time
    }

    /// Takes a place; false when there is none left. ``leave()`` gives it back.
    func enter() -> Bool {
        guard count.add(1, ordering: .relaxed).newValue <= Self.most else {
            leave()
            return false
        }
        return true
    }

    func leave() { count.subtract(1, ordering: .relaxed) }

    /// The first answer whose tag `holds` refuses; or at `end`, when the caller or the process is on its way out, the last
    /// one.
    ///
    /// - Parameters:
    ///   - patience: the longest one look may take.
    ///   - isAwaited: whether the caller is still there.
    func answer(
        to query: SecretQuery, until end: MonotonicTime, patience: Duration, isAwaited: @Sendable () -> Bool,
        while holds: @Sendable (ServedSecret) -> Bool
    ) async -> Result<ServedSecret, UpstreamFault> {
        var isFirst = true
        while true {
            let served: ServedSecret
            do throws(UpstreamFault) {
                let deadline = time.now().monotonic + patience
                served = try await secrets.secret(
                    query, demand: isFirst ? .cached : .recent(maximumAge: Self.interval), deadline: deadline)
            } catch {
                return .failure(error)
            }
            let now = time.now()
            guard holds(served), now.monotonic < end, isAwaited(), !readiness.isDraining else {
                return .success(served)
            }
            let pause = Self.interval * Double.random(in: 0.9..<1.1)
            try? await Task.sleep(for: min(pause, end - now.monotonic))
            isFirst = false
        }
    }
}
