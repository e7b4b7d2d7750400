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
    ///
    /// - Parameter isRequired: whether a commit without the line counts as failed.
    package func append(_ line: AuditLine, isRequired: Bool = true) {
        chain.withLock { chain in
            chain.append(line)
            if isRequired { chain.requireLast() }
        }
    }

    /// Appends a required line of parts that were rendered before.
    package func append(prepared line: PreparedAuditLine) {
        chain.withLock { chain in
            chain.append(prepared: line)
            chain.requireLast()
        }
    }

    /// Appends a required line that is signed if there is a key.
    package func append(signed line: AuditLine) {
        chain.withLock { chain in
            chain.append(signed: line)
            chain.requireLast()
        }
    }

    /// Appends a checkpoint, due or not.
    package func appendCheckpoint(_ now: Now, name: String?) { chain.withLock { $0.appendCheckpoint(now, name: name) } }

    /// The file ends in a part of a line, which this chain records.
    package func adopt(tornEnd: [UInt8]) { chain.withLock { $0.adopt(tornEnd: tornEnd) } }

    /// Writes the lines, with a checkpoint if one is due.
    ///
    /// - Parameters:
    ///   - now: read only if there are lines.
    ///   - name: the name of the checkpoint.
    /// - Returns: whether all required lines are in the file, and synced if that is asked for.
    @discardableResult
    package func commit(_ now: @autoclosure () -> Now, name: String? = nil) -> Bool {
        var bytes = chain.withLock { chain in
            if !chain.isIdle { chain.appendCheckpointIfDue(now(), name: name) }
            return chain.buffer.isEmpty ? [] : chain.takeBuffer()
        }
        return bytes.isEmpty || write(&bytes)
    }

    /// The next commit appends a checkpoint if one is due, also if there is no other line.
    package func requestCheckpoint() { chain.withLock { $0.requestCheckpoint() } }

    private func write(_ bytes: inout [UInt8]) -> Bool {
        let (outcome, size) = (file.write(bytes), bytes.count)
        let (written, isComplete) = chain.withLock { chain in
            let required = chain.requiredSeq
            let written = chain.finishWrite(&bytes, count: outcome.count)
            return (written, chain.written.seq >= required)
        }
        report(written, outcome)
        // All bytes may be written and not be synced.
        return isComplete && (outcome.error == nil || outcome.count < size)
    }
}
