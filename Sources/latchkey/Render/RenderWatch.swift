internal import LatchkeyCore
internal import LatchkeyNet
internal import LatchkeySettings
internal import Synchronization

/// Keeps a rendered file up to date until the process is asked to stop.
///
/// One watcher for each secret and token reports that it may have changed. Then all values are read again, so that the
/// file is of one moment, and the file is written if it differs. A failure leaves the file as it is.
final class RenderWatch: Sendable {
    private let job: RenderJob
    private let time: Timing
    private let connection: Mutex<BrokerConnection>
    let wakes = RenderWakes()
    let gate = WriteGate()

    init(_ job: RenderJob, _ connection: BrokerConnection, time: Timing = .system) {
        self.job = job
        self.time = time
        self.connection = Mutex(connection)
    }

    /// Returns after ``RenderWakes/stop()``.
    func run(_ first: Template) async {
        var template = first
        var watchers: [TemplateSource: Task<Void, Never>] = [:]
        var failures = RenderFailures()
        // A process before this one may have been killed between writing and the notice.
        var isNoticeDue = true
        var isStarting = true
        while true {
            do {
                isNoticeDue = try await write(template) || isNoticeDue
                if let message = failures.success(job.file.path) { Terminal.printError(message) }
                if isNoticeDue { isNoticeDue = await !sendNotice() }
                if isStarting { Terminal.printError("keeping \(job.file.path) up to date") }
                isStarting = false
                replace(&watchers, by: template.sources)
            } catch {
                if let message = failures.failure(error, keeping: job.file.path) { Terminal.printError(message) }
                if (error as? CommandFailure)?.status == .denied { reconnect() }
                wake(after: ChangeWatcher.backoff.delay(afterFailures: failures.count, random: time.jitter()))
            }
            let reasons = await wakes.next()
            if reasons.isStopping { break }
            if reasons.reloads { template = reload() ?? template }
        }
        for watcher in watchers.values { watcher.cancel() }
    }

    private func current() -> BrokerConnection { connection.withLock { $0 } }

    /// - Returns: whether the file was written.
    private func write(_ template: Template) async throws -> Bool {
        var content = try await job.content(template, from: current())
        defer { Wiping.removeAll(&content, keepingCapacity: false) }
        guard gate.begin() else { return false }
        defer { gate.end() }
        let isWritten = try job.file.write(content)
        if isWritten { Terminal.printError("wrote \(job.file.path)") }
        return isWritten
    }

    /// - Returns: false if the process is about to end. A command that fails is not run again before the next change.
    private func sendNotice() async -> Bool {
        guard gate.begin() else { return false }
        defer { gate.end() }
        do throws(CommandFailure) {
            try await job.notice.send(timeout: job.limits.commandTimeout)
        } catch {
            Terminal.printError(error.message)
        }
        return true
    }

    /// Starts watchers of new sources and ends those of sources that the template no longer has.
    private func replace(_ watchers: inout [TemplateSource: Task<Void, Never>], by sources: [TemplateSource]) {
        for (source, task) in watchers where !sources.contains(source) {
            task.cancel()
            watchers[source] = nil
        }
        for source in sources where watchers[source] == nil {
            let watcher = ChangeWatcher(
                source: source, connection: { [self] in current() }, changed: { [wakes] in wakes.change() }, time: time)
            watchers[source] = Task { await watcher.run() }
        }
    }

    private func wake(after pause: Duration) {
        let end = time.now().monotonic + pause
        Task { [time, wakes] in
            await time.sleep(end)
            wakes.change()
        }
    }

    /// The key may have been rotated, and its file be another one now.
    private func reconnect() {
        guard let new = try? job.connect() else { return }
        connection.withLock { $0 = new }
    }

    /// Reads the settings and the template again.
    /// - Returns: nil if the template cannot be used.
    private func reload() -> Template? {
        do {
            let new = try job.connect()
            connection.withLock { $0 = new }
            return try job.template()
        } catch {
            for line in RenderFailures.lines(error) { Terminal.printError(line) }
            Terminal.printError("\(job.file.path) is left as it is")
            return nil
        }
    }
}
