package import LatchkeyCore
package import LatchkeyCrypto

/// The lines of one chain that are not written yet, and the state of the chain. Pure.
///
/// `prev` of a line is the SHA-256 of the line before it in the same chain. After a failed write the chain continues behind
/// the last line that was written whole.
package struct AuditChain: Sendable {
    /// What a write has done.
    package struct Written: Hashable, Sendable {
        /// Lines that are in the file.
        package var lines: Int64
        /// Lines that are not, and are dropped.
        package var lost: Int64

        package init(lines: Int64, lost: Int64) {
            self.lines = lines
            self.lost = lost
        }
    }

    private struct TornPart: Sendable {
        let digest: Digest
        let bytes: Int
    }

    /// The bytes to write: whole lines.
    package private(set) var buffer: [UInt8] = []
    /// The last line in ``buffer``, or else the last one written.
    package private(set) var last: ChainState
    /// The last line written.
    package private(set) var written: ChainState
    /// The number of the last required line.
    package private(set) var requiredSeq: Int64 = 0

    /// The memory of the last write, used again.
    private var spare: [UInt8] = []
    private let prefix: [UInt8]
    private var time = AuditTimeText()
    private let key: Ed25519SigningKey?
    /// The last checkpoint, or the start of the chain.
    private var checkpointSeq: Int64 = 0
    private var checkpointAt: MonotonicTime
    private var isCheckpointRequested = false
    /// Parts of lines in the file that no line has recorded, and lost lines.
    private var torn: [TornPart] = []
    private var lost: Int64 = 0
    /// Whether the file ends in a part of a line, or in a line without its line feed.
    private var endsWithinLine = false
    /// The lines at the start of ``buffer`` that record torn parts.
    private var recordedTorn = 0
    private var recordsLost = false

    /// A new chain.
    ///
    /// - Parameters:
    ///   - id: letters, digits and points. No other chain has it.
    ///   - key: signs checkpoints; nil for none.
    package init(id: String, key: Ed25519SigningKey? = nil, now: MonotonicTime) {
        last = ChainState(chain: id)
        written = last
        prefix = Array("\",\"chain\":\"\(id)\",\"seq\":".utf8)
        self.key = key
        checkpointAt = now
    }

    package var id: String { last.chain }

    /// Whether there is nothing to write.
    package var isIdle: Bool { buffer.isEmpty && !isCheckpointRequested }

    // MARK: Lines

    /// Appends a line.
    ///
    /// - Parameter nameLimit: the most bytes of its name.
    package mutating func append(_ line: AuditLine, nameLimit: Int = AuditLimits.maxNameBytes) {
        if buffer.isEmpty, endsWithinLine || lost > 0 { recordFailures(line.time) }
        render(line, nameLimit)
    }

    /// Appends a line of parts that were rendered before.
    package mutating func append(prepared line: PreparedAuditLine) {
        if buffer.isEmpty, endsWithinLine || lost > 0 { recordFailures(line.time) }
        time.set(line.time)
        let start = buffer.count
        line.append(to: &buffer, time: time.bytes, chain: prefix, seq: last.seq + 1, previous: last.digest)
        finishLine(from: start)
    }

    /// The last line is required.
    package mutating func requireLast() { requiredSeq = last.seq }

    /// Appends a line that is signed if there is a key: `start`, `stop` or `checkpoint`.
    package mutating func append(signed line: AuditLine) {
        var line = line
        if let key {
            let text = CheckpointText.bytes(
                action: line.action.rawValue, time: RFC3339.format(line.time, milliseconds: true), chain: id,
                seq: last.seq + 1, name: line.name ?? "", previous: last.digest)
            if let signature = key.sign(text) {
                (line.source, line.version, line.reason) = ("ed25519", Base64.encodeURL(signature), key.keyID)
            }
        }
        append(line, nameLimit: AuditLimits.maxLineBytes / 2)
    }

    /// The next ``appendCheckpointIfDue(_:name:)`` is called even if the buffer is empty.
    package mutating func requestCheckpoint() { isCheckpointRequested = true }

    /// Appends a checkpoint if one is due: after ``AuditLimits/checkpointLines`` lines, or after
    /// ``AuditLimits/checkpointInterval`` if there was a line.
    ///
    /// - Parameter name: its name.
    package mutating func appendCheckpointIfDue(_ now: Now, name: String? = nil) {
        isCheckpointRequested = false
        let lines = last.seq - checkpointSeq
        guard lines > 0,
            lines >= AuditLimits.checkpointLines || now.monotonic >= checkpointAt + AuditLimits.checkpointInterval
        else { return }
        appendCheckpoint(now, name: name)
    }

    /// Appends a checkpoint.
    package mutating func appendCheckpoint(_ now: Now, name: String?) {
        var line = AuditLine(time: now.wall, action: .checkpoint)
        line.name = name
        append(signed: line)
        checkpointSeq = last.seq
        checkpointAt = now.monotonic
    }

    private mutating func render(_ line: AuditLine, _ nameLimit: Int) {
        time.set(line.time)
        let start = buffer.count
        line.append(
            to: &buffer, time: time.bytes, chain: prefix, seq: last.seq + 1, previous: last.digest,
            nameLimit: nameLimit)
        finishLine(from: start)
    }

    /// The line that begins at `start` is complete.
    private mutating func finishLine(from start: Int) {
        last.digest = buffer.withUnsafeBytes { SHA256.hash(UnsafeRawBufferPointer(rebasing: $0[start...])) }
        last.seq += 1
        buffer.append(Self.lineFeed)
    }

    /// Ends a part of a line that is in the file, and records it and lost lines.
    private mutating func recordFailures(_ time: WallTime) {
        if endsWithinLine { buffer.append(Self.lineFeed) }
        for part in torn {
            var line = AuditLine(time: time, action: .torn)
            line.name = part.digest.hex
            line.reason = "\(part.bytes) bytes"
            render(line, AuditLimits.maxNameBytes)
        }
        recordedTorn = torn.count
        guard lost > 0 else { return }
        var line = AuditLine(time: time, action: .lost)
        line.name = "\(lost)"
        render(line, AuditLimits.maxNameBytes)
        recordsLost = true
    }

    /// The file ends in a part of a line that no broker has recorded. This chain records it.
    package mutating func adopt(tornEnd: [UInt8]) {
        if !tornEnd.isEmpty { keepTorn(tornEnd[...]) }
    }

    private mutating func keepTorn(_ bytes: ArraySlice<UInt8>) {
        if torn.count == AuditLimits.maxTornParts { torn.removeFirst() }
        torn.append(TornPart(digest: bytes.withUnsafeBytes { SHA256.hash($0) }, bytes: bytes.count))
        endsWithinLine = true
    }

    // MARK: Writes

    /// Takes the buffer for a write. Until ``finishWrite(_:count:)`` no line may be appended.
    package mutating func takeBuffer() -> [UInt8] {
        var bytes: [UInt8] = []
        swap(&bytes, &spare)
        swap(&bytes, &buffer)
        return bytes
    }

    /// The buffer was written, up to `count` bytes.
    ///
    /// - Parameter bytes: what ``takeBuffer()`` has returned. Its memory is used again.
    package mutating func finishWrite(_ bytes: inout [UInt8], count: Int) -> Written {
        defer {
            bytes.removeAll(keepingCapacity: bytes.capacity <= 1 << 20)
            swap(&bytes, &spare)
            (recordedTorn, recordsLost, requiredSeq) = (0, false, 0)
        }
        if count > 0 { endsWithinLine = bytes[count - 1] != Self.lineFeed }
        if count == bytes.count { return finishWhole() }
        // The last line feed within the written part ends the last whole line.
        var (end, lineStart, lines) = (0, 0, Int64(0))
        for index in 0..<count where bytes[index] == Self.lineFeed {
            // The line feed that ends a torn part is no line.
            if index > end { (lineStart, lines) = (end, lines + 1) }
            end = index + 1
        }
        // A line without its line feed is whole.
        if count > end, bytes[count] == Self.lineFeed { (lineStart, lines, end) = (end, lines + 1, count + 1) }
        let all = last.seq - written.seq
        noteRecorded(lines)
        if lines > 0 {
            written.seq += lines
            written.digest = SHA256.hash(Array(bytes[lineStart..<(end - 1)]))
        }
        if count > end { keepTorn(bytes[end..<count]) }
        last = written
        checkpointSeq = min(checkpointSeq, last.seq)
        // Lines of the chain itself are made again, so they are not lost.
        let own = Int64(recordedTorn) + (recordsLost ? 1 : 0)
        let dropped = max(0, all - max(lines, own))
        lost += dropped
        return Written(lines: lines, lost: dropped)
    }

    /// Takes the buffer, and finishes a write of `count` bytes of it.
    package mutating func finishWrite(_ count: Int) -> Written {
        var bytes = takeBuffer()
        return finishWrite(&bytes, count: count)
    }

    private mutating func finishWhole() -> Written {
        let lines = last.seq - written.seq
        noteRecorded(lines)
        written = last
        return Written(lines: lines, lost: 0)
    }

    /// The first `lines` lines of the buffer are in the file. Those that record failures come first.
    private mutating func noteRecorded(_ lines: Int64) {
        let parts = min(Int64(recordedTorn), lines)
        torn.removeFirst(Int(parts))
        if recordsLost, lines > Int64(recordedTorn) { lost = 0 }
    }

    private static let lineFeed = UInt8(ascii: "\n")
}
