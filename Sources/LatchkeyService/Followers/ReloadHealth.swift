internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyMetrics
internal import Synchronization

/// The state of each followed file and parameter, for `/health` and the metrics `latchkey_reload_failures_total` and
/// `latchkey_reloads_failing`.
final class ReloadHealth: Sendable {
    private struct Entry: Sendable {
        let subject: ReloadSubject
        let source: String
        var error: String?
        /// Whether the error makes the service `degraded`.
        var degrades = true
        var failingSince: Now?
        var lastChange: Now?
    }

    private let entries = Mutex<[String: Entry]>([:])
    private let metrics: Metrics
    private let time: Timing

    init(metrics: Metrics, time: Timing) {
        self.metrics = metrics
        self.time = time
    }

    /// Adds a followed file or parameter.
    ///
    /// - Parameters:
    ///   - name: the setting or member that names it.
    ///   - source: the file's path or the parameter's name.
    func follow(_ name: String, _ subject: ReloadSubject, source: String) {
        entries.withLock { $0[name] = Entry(subject: subject, source: source) }
    }

    /// Removes it.
    func forget(_ name: String) { entries.withLock { $0[name] = nil } }

    /// Records that it cannot be read or used. The last good value stays in force.
    ///
    /// - Parameter degrades: false if this may be intended.
    func recordFailure(_ name: String, code: String, degrades: Bool = true) {
        let now = time.now()
        entries.withLock { entries in
            guard var entry = entries[name] else { return }
            entry.error = code
            entry.degrades = degrades
            entry.failingSince = entry.failingSince ?? now
            entries[name] = entry
            // Inside the lock, so that `/health` and the metric agree.
            metrics.reloadFailure(entry.subject)
        }
    }

    /// Records a successful read.
    ///
    /// - Parameter isChange: whether the value has changed.
    func recordSuccess(_ name: String, isChange: Bool) {
        let now = time.now()
        entries.withLock { entries in
            entries[name]?.error = nil
            entries[name]?.failingSince = nil
            if isChange { entries[name]?.lastChange = now }
        }
    }

    /// Whether everything that must be readable is.
    var isHealthy: Bool { entries.withLock { $0.values.allSatisfy { $0.error == nil || !$0.degrades } } }

    /// How many that must be readable are not, by subject.
    var failing: [ReloadSubject: Int] {
        entries.withLock { entries in
            entries.values.reduce(into: [:]) { counts, entry in
                if entry.error != nil, entry.degrades { counts[entry.subject, default: 0] += 1 }
            }
        }
    }

    /// The state by name, for `/health`.
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
