internal import Dispatch
internal import LatchkeyAudit
internal import LatchkeyCore
internal import LatchkeyLog
internal import LatchkeyMetrics
internal import LatchkeyNet
internal import LatchkeySettings
internal import Logging

/// The audit log of the running service: what the process itself records, and the regular work.
final class AuditKeeper: Sendable {
    let log: AuditLog
    private let logger: Logger
    private let time: Timing
    /// The chain of the process is written on this queue alone.
    private let queue = DispatchQueue(label: "latchkey.audit")

    /// Opens the log and writes the start line.
    ///
    /// - Throws: why the log cannot be opened or, with `refuse`, written.
    init(
        _ settings: AuditSettings, workers: Int, metrics: Metrics, time: Timing, log logger: Logger
    ) throws(SettingsError) {
        let name = SettingName.auditLog.rawValue
        let target = Self.target(settings)
        let policy: AuditLog.FailurePolicy = settings.onFailure == .refuse ? .refuse : .count
        do throws(FileError) {
            var tornEnd: [UInt8] = []
            let file = try AuditFile(target, isSynced: settings.isSynced, tornEnd: &tornEnd)
            log = AuditLog(
                file, tornEnd: tornEnd, workers: workers, key: settings.key, policy: policy, time: time,
                reports: Self.reports(metrics, policy, logger))
        } catch {
            throw SettingsError(lines: ["\(name): cannot open \(settings.target): \(error)"])
        }
        (self.logger, self.time) = (logger, time)
        guard log.start() || policy == .count else {
            throw SettingsError(lines: ["\(name): cannot write to \(settings.target): see the log for the reason"])
        }
    }

    private static func target(_ settings: AuditSettings) -> AuditTarget {
        switch AuditTarget(setting: settings.target) {
        case .standardError: .standardError
        case .file(let path): .file(path: OwnFile.absolute(path))
        }
    }

    private static func reports(
        _ metrics: Metrics, _ policy: AuditLog.FailurePolicy, _ logger: Logger
    ) -> AuditLog.Reports {
        AuditLog.Reports(
            lines: { written in
                if written.lines > 0 { metrics.auditLines(.written, written.lines) }
                if written.lost > 0 { metrics.auditLines(.lost, written.lost) }
            },
            failing: { error in
                guard let error else { return logger.notice(.auditRecovered, "the audit log is written again") }
                let effect = policy == .refuse ? "requests are refused" : "lines are lost and counted"
                logger.error(
                    .auditFailed,
                    "the audit log cannot be written; \(effect) until it can",
                    metadata: ["why": "\(OwnFile.reason(error))"])
            })
    }

    // MARK: Events

    /// Records a change that no request has made.
    ///
    /// - Parameter name: what it is about.
    func record(_ action: AuditAction, name: String? = nil) {
        queue.async { [self] in
            var line = AuditLine(time: time.now().wall, action: action)
            line.name = name
            log.write(line)
        }
    }

    /// Opens the file again, after SIGHUP.
    func reopen() { queue.async { [self] in tick(reopens: true) } }

    // MARK: Regular work

    /// Runs until the task is cancelled.
    ///
    /// - Parameter loops: the event loops of the workers. Each commits its chain at the end of a turn.
    func run(_ loops: [LoopHandle]) async {
        var nextCheckpoint = time.now().monotonic + AuditLimits.checkpointInterval
        while !Task.isCancelled {
            await time.sleep(time.now().monotonic + AuditLimits.tickInterval)
            if Task.isCancelled { return }
            queue.async { [self] in tick(reopens: false) }
            guard time.now().monotonic >= nextCheckpoint else { continue }
            nextCheckpoint = time.now().monotonic + AuditLimits.checkpointInterval
            queue.async { [log] in
                log.checkpoint()
                for loop in loops { loop.submit { _ in } }
            }
        }
    }

    private func tick(reopens: Bool) {
        do throws(FileError) {
            try log.tick(reopens: reopens)
        } catch {
            logger.error(
                .auditReopenFailed,
                "the audit log cannot be opened again; the file before is still written",
                metadata: ["why": "\(error)"])
        }
    }

    /// Writes the stop line. The workers must have stopped.
    func stop() { queue.sync { log.stop() } }
}
