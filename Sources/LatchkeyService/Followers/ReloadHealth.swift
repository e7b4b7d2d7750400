internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyMetrics
internal import Synchronization

/// How each thing that is followed stands: a file, or a parameter. For `/health` and the metric
/// `latchkey_reload_failures_total`.
final class ReloadHealth: Sendable {
    private struct Entry: Sendable {
        let subject: ReloadSubject
        let source: String
        var error: String?
        /// The error makes the whole `degraded`.
        var degrades = true
        var failingSince: Now?
        var lastChange: Now?
    }

    private let entries = Mutex<[String: Entry]>([:])
    private let metrics: Metrics
    private let time: TimeSource

    init(metrics: Metrics, time: TimeSource) {
        self.metrics = metrics
        self.time = time
    }

    /// Something is followed from now on.
    ///
    /// - Parameters:
    ///   - name: the setting or member that names it.
    ///   - source: the file's path or the parameter's name.
    func follow(_ name: String, _ subject: ReloadSubject, source: String) {
        entries.withLock { $0[name] = Entry(subject: subject, source: source) }
    }

    /// It is followed no more.
    func forget(_ name: String) { entries.withLock { $0[name] = nil } }

    /// It cannot be read, for the reason that `code` names; the last good value stays in force.
    ///
    /// - Parameter degrades: false where the setup may well be meant so.
    func recordFailure(_ name: String, code: String, degrades: Bool = true) {
        let now = time.now()
        entries.withLock { entries in
            guard var entry = entries[name] else { return }
            entry.error = code
            entry.degrades = degrades
            entry.failingSince = entry.failingSince ?? now
            entries[name] = entry
            // Who sees the one sees the other.
            metrics.reloadFailure(entry.subject)
        }
    }

    /// It was read.
    ///
    /// - Parameter isChange: whether its value is another one.
    func recordSuccess(_ name: String, isChange: Bool) {
        let now = time.now()
        entries.withLock { entries in
            entries[name]?.error = nil
            entries[name]?.failingSince = nil
            if isChange { entries[name]?.lastChange = now }
        }
    }

    /// Whether all of it can be read that has to be.
    var isHealthy: Bool { entries.withLock { $0.values.allSatisfy { $0.error == nil || !$0.degrades } } }

    /// By name, what `/health` shows.
    var json: JSON {
        let time = { (now: Now?) -> JSON in now.map { .string(RFC3339.format($0.wall)) } ?? .null }
        let members = entries.withLock { $0 }.map { name, entry -> (String, JSON) in
            let members: JSON = [
                "what": .string(entry.subject.label), "source": .string(entry.source),
                "state": entry.error == nil ? "ok" : "failing", "error": entry.error.map { .string($0) } ?? .null,
                "failing_since": time(entry.failingSince), "last_change": time(entry.lastChange),
            ]
            return (name, members)
        }
        return .object(JSONObject(members))
    }
}
