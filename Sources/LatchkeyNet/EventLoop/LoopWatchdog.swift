package import LatchkeyCore
internal import Synchronization

/// Reports at intervals that all event loops are running. While one is stuck, nothing is reported, and the service manager
/// restarts the process.
///
/// Each round submits a job to every loop. The next round reports only if all of them have run.
package final class LoopWatchdog: Sendable {
    /// The rounds within the time in which a report is due. Two reports are at most two rounds apart.
    private static let roundsInTimeout = 4

    private let loops: [LoopHandle]
    private let timeout: Duration
    private let time: Timing
    private let report: @Sendable () -> Void
    /// The indices of the loops that have not run the job of the round.
    private let pending = Mutex<Set<Int>>([])

    /// - Parameters:
    ///   - timeout: the time within which a report is due.
    ///   - report: called when all loops have run. Not on a loop, so it may block.
    package init(
        loops: [LoopHandle], timeout: Duration, time: Timing, report: @escaping @Sendable () -> Void
    ) {
        self.loops = loops
        self.timeout = timeout
        self.time = time
        self.report = report
    }

    /// Runs rounds until the task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            if hasEnded { report() }
            begin()
            await time.sleep(time.now().monotonic + timeout / Self.roundsInTimeout)
        }
    }

    /// Whether all loops have run the job of the round, or have stopped: a loop that was stopped is not stuck.
    private var hasEnded: Bool {
        pending.withLock { $0 }.allSatisfy { loops[$0].hasStopped }
    }

    /// Begins another round. A loop that has not run its job yet gets no second one.
    private func begin() {
        let asked = pending.withLock { pending in
            defer { pending.formUnion(loops.indices) }
            return loops.indices.filter { !pending.contains($0) }
        }
        for index in asked {
            loops[index].submit { [weak self] _ in self?.pending.withLock { _ = $0.remove(index) } }
        }
    }
}
