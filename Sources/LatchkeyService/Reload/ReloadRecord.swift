internal import LatchkeyCore
internal import LatchkeySettings
internal import Logging
internal import Synchronization

/// The outcome of the last reload of the settings, for `/health`.
final class ReloadRecord: Sendable {
    /// What a reload has done.
    struct Outcome: Sendable, Equatable {
        /// The settings whose new values are in force.
        var changed: [String] = []
        /// The settings whose new values cannot be used. The old ones stay in force.
        var failed: [String] = []
        /// The changed settings that are read at start only.
        var needRestart: [String] = []
    }

    private struct State: Sendable {
        var outcome = Outcome()
        var reloadedAt: WallTime?
    }

    private let state = Mutex(State())
    private let logLevel: LiveLogLevel

    init(logLevel: LiveLogLevel) { self.logLevel = logLevel }

    /// Records a reload, unless it was not asked for and shows nothing new.
    ///
    /// - Returns: whether it was recorded.
    func record(_ outcome: Outcome, at time: WallTime, isAsked: Bool) -> Bool {
        state.withLock { state in
            let isNew =
                !outcome.changed.isEmpty || outcome.failed != state.outcome.failed
                || outcome.needRestart != state.outcome.needRestart
            if isAsked || isNew { state = State(outcome: outcome, reloadedAt: time) }
            return isAsked || isNew
        }
    }

    /// Whether every setting that was read last can be used.
    var isHealthy: Bool { failing == 0 }

    /// The number of settings that cannot be used. ``ReloadHealth`` has the state of the settings file itself.
    var failing: Int { state.withLock { $0.outcome.failed.count { $0 != SettingName.config.rawValue } } }

    /// The names of settings, never values.
    var json: JSON {
        let state = state.withLock { $0 }
        let list = { (names: [String]) -> JSON in .array(names.map { .string($0) }) }
        return [
            "last": state.reloadedAt.map { .string(RFC3339.format($0, milliseconds: true)) } ?? .null,
            "changed": list(state.outcome.changed), "failed": list(state.outcome.failed),
            "needs_restart": list(state.outcome.needRestart), "log_level": .string(logLevel.current.rawValue),
        ]
    }
}
