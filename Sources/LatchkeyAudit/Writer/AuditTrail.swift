package import LatchkeyCore
internal import LatchkeyCrypto
internal import Synchronization

/// The chain of one worker, or of the process.
///
/// The lock makes it Sendable. ``commit(_:)`` must not be called by two threads at once: the trail of a worker belongs to its
/// event loop.
package final class AuditTrail: Sendable {
    /// What a commit reports.
    package typealias Report = @Sendable (AuditChain.Written, AuditFile.Outcome) -> Void

    private let chain: Mutex<AuditChain>
    private let file: AuditFile
    private let report: Report

    package init(_ chain: AuditChain, file: AuditFile, report: @escaping Report) {
        self.chain = Mutex(chain)
        self.file = file
        self.report = report
    }

    /// The last line written.
    package var written: ChainState { chain.withLock { $0.written } }

    /// Appends a line, which the next commit writes.
    package func append(_ line: AuditLine) { chain.withLock { $0.append(line) } }

    /// Appends a line that is signed if there is a key.
    package func append(signed line: AuditLine) { chain.withLock { $0.append(signed: line) } }

    /// The file ends in a part of a line, which this chain records.
    package func adopt(tornEnd: [UInt8]) { chain.withLock { $0.adopt(tornEnd: tornEnd) } }

    /// Writes the lines, with a checkpoint if one is due.
    ///
    /// - Parameter name: the name of the checkpoint.
    /// - Returns: whether all lines are in the file, and synced if that is asked for.
    @discardableResult
    package func commit(_ now: Now, name: String? = nil) -> Bool {
        let bytes = chain.withLock { chain in
            chain.appendCheckpointIfDue(now, name: name)
            return chain.buffer
        }
        if bytes.isEmpty { return true }
        let outcome = file.write(bytes)
        let written = chain.withLock { $0.finishWrite(outcome.count) }
        report(written, outcome)
        return outcome.error == nil
    }
}
