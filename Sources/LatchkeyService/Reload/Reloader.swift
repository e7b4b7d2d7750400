internal import Dispatch
internal import LatchkeyCore
internal import LatchkeyLog
internal import LatchkeyMetrics
package import LatchkeySettings
internal import Logging
internal import Synchronization

/// Reads the settings again while the broker runs, after SIGHUP and when the settings file has changed.
///
/// Each ``SettingsChange/Part`` is replaced whole or not at all, independent of the others. The files that settings name are
/// followed anyway (``FollowedFiles``, ``CertificateFollower``); a reload checks them at once. Reloads run one after the other;
/// requests during one lead to one more.
package final class Reloader: Sendable {
    /// Why the settings are read again.
    package enum Cause: String, Sendable {
        /// Always has a line in the log.
        case signal = "SIGHUP"
        /// Has a line in the log if the outcome differs from the last one.
        case file = "the settings file has changed"
    }

    /// The beginning and the end of a reload, for the service manager.
    package enum Phase: Sendable {
        case began, ended
    }

    /// Reads and checks all settings, and returns their problems.
    package typealias Read = @Sendable () -> (settings: Settings, problems: [String])

    /// Replaces one part by that of new settings.
    /// - Throws: why it cannot be used. Then nothing has changed.
    typealias Replace = @Sendable (_ part: SettingsChange.Part, _ settings: Settings) throws(SettingsError) -> Void

    /// What a reload replaces.
    struct Parts: Sendable {
        /// Calls do not overlap.
        var replace: Replace
        /// Checks the followed files, so that a change made before the call is in force when it returns.
        var checkFiles: @Sendable () async -> Void
        /// Opens the file of the audit log again, after the signal.
        var reopenAudit: @Sendable () -> Void = {}
    }

    private struct State: Sendable {
        var inForce: Settings
        var isRunning = false
        /// The cause of the next reload; nil if none is asked for.
        var pending: Cause?
    }

    /// Readings before a settings file that is being written counts as unusable.
    static let maxReadings = 8

    private let source: ReloadSource
    private let parts: Parts
    private let record: ReloadRecord
    private let metrics: Metrics
    private let time: Timing
    private let log: Logger
    private let state: Mutex<State>
    private let queue = DispatchQueue(label: "latchkey.reload")

    /// - Parameter settings: the settings in force.
    init(
        _ settings: Settings, _ source: ReloadSource, parts: Parts, record: ReloadRecord, metrics: Metrics,
        time: Timing, log: Logger
    ) {
        state = Mutex(State(inForce: settings))
        (self.source, self.parts, self.record, self.metrics) = (source, parts, record, metrics)
        (self.time, self.log) = (time, log)
    }

    /// Follows the settings file, if there is one that can be read again.
    func followFile(of settings: Settings, in files: FollowedFiles) {
        if let file = FollowedSettings.settingsFile(settings, changed: { self.request(.file) }) { files.follow(file) }
    }

    /// Asks for a reload and returns at once.
    package func request(_ cause: Cause) {
        let starts = state.withLock { state in
            // A line for the signal is due, even if the file has changed too.
            if state.pending != .signal { state.pending = cause }
            if state.isRunning { return false }
            state.isRunning = true
            return true
        }
        if starts { Task { await run() } }
    }

    private func run() async {
        while let cause = nextCause() {
            source.onPhase(.began)
            await reload(cause)
            source.onPhase(.ended)
        }
    }

    private func nextCause() -> Cause? {
        state.withLock { state in
            defer { state.pending = nil }
            if state.pending == nil { state.isRunning = false }
            return state.pending
        }
    }

    /// Reads the settings and replaces what has changed.
    func reload(_ cause: Cause) async {
        if cause == .signal { parts.reopenAudit() }
        async let files: Void = parts.checkFiles()
        let reading = await stableReading()
        await files
        let outcome = await onQueue { self.apply(reading) }
        // A file that changes is often noticed twice: by the signal, and because it is followed.
        if record.record(outcome, at: time.now().wall, isAsked: cause == .signal) { report(outcome, cause) }
    }

    // MARK: Reading

    /// Reads until two readings agree, so that a settings file that is being written is not used. Nil if it cannot be used.
    private func stableReading() async -> (settings: Settings, problems: [String])? {
        var last = await onQueue(source.read)
        for _ in 1..<Self.maxReadings {
            await time.sleep(time.now().monotonic + FollowedFiles.interval)
            let next = await onQueue(source.read)
            let inForce = state.withLock { $0.inForce }
            if next.settings.isSettled(since: last.settings, inForce: inForce) {
                return next.settings.sources.isFileUsable ? next : nil
            }
            last = next
        }
        return nil
    }

    private func onQueue<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: work()) }
        }
    }

    // MARK: Applying

    private func apply(_ reading: (settings: Settings, problems: [String])?) -> ReloadRecord.Outcome {
        let inForce = state.withLock { $0.inForce }
        var outcome = ReloadRecord.Outcome()
        guard let (new, problems) = reading else {
            outcome.failed = [SettingName.config.rawValue]
            return outcome
        }
        let change = SettingsChange(from: inForce, to: new)
        outcome.needRestart = change.needRestart
        for part in change.parts {
            let names = part.names.map(\.rawValue)
            let changed = change.names[part] ?? []
            do throws(SettingsError) {
                let own = problems.filter { problem in names.contains { problem.hasPrefix($0) } }
                if !own.isEmpty { throw SettingsError(lines: own) }
                try parts.replace(part, new)
                state.withLock { $0.inForce.take(part, of: new) }
                outcome.changed += changed
            } catch {
                outcome.failed += changed
                reportFailure(part, error)
            }
        }
        return outcome
    }

    private func reportFailure(_ part: SettingsChange.Part, _ error: SettingsError) {
        metrics.reloadFailure(part.subject)
        log.warning(
            .reloadFailed,
            "a changed setting cannot be used; its last good value stays in force",
            metadata: ["why": "\(error.lines.joined(separator: "; "))"])
    }

    private func report(_ outcome: ReloadRecord.Outcome, _ cause: Cause) {
        if !outcome.needRestart.isEmpty {
            log.warning(
                .restartNeeded,
                "settings have changed that are read at start: restart to use them",
                metadata: ["names": "\(outcome.needRestart.joined(separator: ", "))"])
        }
        let list = { (names: [String]) -> Logger.MetadataValue in
            "\(names.isEmpty ? "none" : names.joined(separator: ", "))"
        }
        log.notice(
            .reloaded,
            "the settings were read again",
            metadata: [
                "cause": "\(cause.rawValue)", "changed": list(outcome.changed), "failed": list(outcome.failed),
                "needs_restart": list(outcome.needRestart),
            ])
    }
}

extension SettingsChange.Part {
    /// The part in `latchkey_reload_failures_total`.
    fileprivate var subject: ReloadSubject {
        switch self {
        case .key: .key
        case .callers: .callers
        case .profiles: .profiles
        case .certificates: .certificate
        case .logLevel: .settings
        }
    }
}
