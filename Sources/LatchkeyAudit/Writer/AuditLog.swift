package import LatchkeyCore
package import LatchkeyCrypto
internal import Synchronization

/// The audit log of a process: a chain for each worker, and one for the process itself.
package final class AuditLog: Sendable {
    /// What happens to a request whose line cannot be written.
    package enum FailurePolicy: String, CaseIterable, Sendable {
        /// 503, and nothing is given out.
        case refuse
        /// The request goes on, and the line is counted.
        case count
    }

    /// What the log reports.
    package struct Reports: Sendable {
        /// Lines were written, or lost.
        package var lines: @Sendable (AuditChain.Written) -> Void
        /// Writing fails, with its errno; nil when it has succeeded again. Not called twice in a row for the same state.
        package var failing: @Sendable (Int32?) -> Void

        package init(
            lines: @escaping @Sendable (AuditChain.Written) -> Void,
            failing: @escaping @Sendable (Int32?) -> Void
        ) {
            self.lines = lines
            self.failing = failing
        }
    }

    package let policy: FailurePolicy
    /// The trails of the workers.
    package let workers: [AuditTrail]
    private let process: AuditTrail
    private let file: AuditFile
    private let limiter = Mutex(UnauthenticatedLimiter())
    /// The states of the workers that the last checkpoint has named.
    private let namedStates = Mutex("")
    private let nextWorker = Atomic<Int>(0)
    private let chains: [String]
    private let time: Timing

    /// - Parameters:
    ///   - tornEnd: the incomplete line at the end of the file.
    ///   - workers: the number of workers.
    ///   - key: signs checkpoints; nil for none.
    package init(
        _ file: AuditFile, tornEnd: [UInt8] = [], workers: Int, key: Ed25519SigningKey?, policy: FailurePolicy,
        time: Timing, reports: Reports
    ) {
        let start = Hex.encode(Random.bytes(6))
        let now = time.now().monotonic
        let state = FailureState()
        let report: AuditTrail.Report = { written, outcome in
            reports.lines(written)
            if state.changes(to: outcome.error != nil) { reports.failing(outcome.error) }
        }
        let trail = { (id: String) in
            AuditTrail(AuditChain(id: id, key: key, now: now), file: file, report: report)
        }
        let names = (0..<max(1, workers)).map { "\(start).\($0)" }
        self.workers = names.map(trail)
        process = trail("\(start).p")
        process.adopt(tornEnd: tornEnd)
        chains = names + ["\(start).p"]
        (self.file, self.policy, self.time) = (file, policy, time)
    }

    /// The trail of the next worker that starts. There are as many as workers.
    package func claimWorker() -> AuditTrail {
        workers[nextWorker.add(1, ordering: .relaxed).oldValue % workers.count]
    }

    // MARK: Start and end

    /// Writes the start line. Must be called before any other line.
    ///
    /// - Returns: whether it is written.
    package func start() -> Bool {
        var line = AuditLine(time: time.now().wall, action: .start)
        line.name = chains.joined(separator: ",")
        process.append(signed: line)
        return process.commit(time.now())
    }

    /// Writes the stop line, after the last line of every worker.
    package func stop() {
        writeDropped(time.now())
        process.commit(time.now())
        var line = AuditLine(time: time.now().wall, action: .stop)
        line.name = states.text
        process.append(signed: line)
        process.commit(time.now())
    }

    private var states: ChainStates { ChainStates(workers.map(\.written) + [process.written]) }

    // MARK: While it runs

    /// Writes a line of the process itself. Not to be called by two threads at once.
    package func write(_ line: AuditLine) {
        process.append(line)
        process.commit(time.now())
    }

    /// Once in each ``AuditLimits/checkpointInterval``: a checkpoint of the process that names all chains, if they have new
    /// lines. The workers write theirs at their next commit. Not to be called by two threads at once.
    package func checkpoint() {
        let now = time.now()
        let own = ChainStates(workers.map(\.written)).text
        let isNew = namedStates.withLock { last in
            defer { last = own }
            return last != own
        }
        if isNew { process.appendCheckpoint(now, name: states.text) }
        process.commit(now)
        for worker in workers { worker.requestCheckpoint() }
    }

    /// Whether a request without a valid credential gets a line. If not, the next summary line counts it.
    ///
    /// - Parameter address: without the port.
    package func admitsUnauthenticated(_ address: [UInt8], now: MonotonicTime) -> Bool {
        limiter.withLock { $0.admits(address, now: now) }
    }

    /// Once in each ``AuditLimits/tickInterval``: follows a rename, and writes the summary line and the checkpoint of the
    /// process. Not to be called by two threads at once.
    ///
    /// - Parameter isAsked: whether the file is to be opened again even if it was not renamed.
    package func tick(reopens isAsked: Bool = false) throws(FileError) {
        let now = time.now()
        writeDropped(now)
        process.commit(now)
        if let tornEnd = try file.reopen(isAsked: isAsked) { process.adopt(tornEnd: tornEnd) }
    }

    private func writeDropped(_ now: Now) {
        let dropped = limiter.withLock { $0.takeDropped() }
        guard dropped > 0 else { return }
        var line = AuditLine(time: now.wall, action: .unauthenticated)
        line.name = "\(dropped)"
        line.decision = .denied
        process.append(line)
    }
}
