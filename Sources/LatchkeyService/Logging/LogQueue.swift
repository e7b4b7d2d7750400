internal import LatchkeyLog

/// A bounded queue of log lines. Pure.
///
/// Lines are ordinary or essential. If the queue is full, ordinary lines are dropped first: ``reserve`` bytes are for
/// essential lines only. A partly written line is always completed first.
package struct LogQueue: Sendable {
    /// The bytes to write next.
    package struct Batch: Sendable {
        /// Complete lines, possibly after the end of a partly written line.
        package let bytes: [UInt8]
        fileprivate let lines: [Line]
        /// The number of dropped lines that the last line of the batch reports.
        fileprivate let reportedDrops: Int

        /// The length of that last line.
        fileprivate var noticeLength: Int { bytes.count - lines.reduce(0) { $0 + $1.bytes.count } }
    }

    fileprivate struct Line: Sendable {
        var bytes: ArraySlice<UInt8>
        var isEssential: Bool
    }

    /// Maximum bytes in the queue, including essential lines, before an ordinary line is dropped.
    package let limit: Int
    /// Additional bytes for essential lines. Beyond them essential lines are dropped too.
    package let reserve: Int
    /// Dropped lines that have not been reported yet.
    package private(set) var dropped = 0

    /// In the order of writing.
    private var lines: [Line] = []
    /// How many of `lines` have been taken. Taken lines are removed together, so that a long queue is not moved for
    /// each batch.
    private var taken = 0
    private var bytes = 0

    package init(limit: Int, reserve: Int) {
        self.limit = limit
        self.reserve = reserve
    }

    package var isEmpty: Bool { taken == lines.count }

    /// Adds one line with its line end, or counts it as dropped.
    package mutating func add(_ line: [UInt8], isEssential: Bool) {
        guard bytes + line.count <= (isEssential ? limit + reserve : limit) else {
            dropped += 1
            return
        }
        lines.append(Line(bytes: line[...], isEssential: isEssential))
        bytes += line.count
    }

    /// The next lines: about `maxBytes` bytes, and at least one line. The batch that empties the queue ends with a line
    /// that reports the number of dropped lines. Nil if the queue is empty.
    package mutating func next(maxBytes: Int) -> Batch? {
        guard !isEmpty else { return nil }
        var batch: [UInt8] = []
        var part: [Line] = []
        while taken < lines.count, part.isEmpty || batch.count + lines[taken].bytes.count <= maxBytes {
            batch += lines[taken].bytes
            part.append(lines[taken])
            lines[taken].bytes = []
            taken += 1
        }
        bytes -= batch.count
        if taken == lines.count || taken >= 1024 {
            lines.removeFirst(taken)
            taken = 0
        }
        guard isEmpty, dropped > 0 else { return Batch(bytes: batch, lines: part, reportedDrops: 0) }
        let event = "\"\(LoggedEvent.member)\":\"\(LoggedEvent.linesDropped.rawValue)\""
        let report =
            "{\"level\":\"warning\",\"message\":\"log lines were dropped\",\"count\":\"\(dropped)\",\(event)}\n"
        batch += report.utf8
        defer { dropped = 0 }
        return Batch(bytes: batch, lines: part, reportedDrops: dropped)
    }

    /// Only the first `written` bytes of a batch could be written. Drops the ordinary lines, so that the log is recent
    /// when writing works again. Essential lines and the rest of a partly written line are kept.
    package mutating func failed(_ batch: Batch, written: Int) {
        var (written, kept): (Int, [Line]) = (written, [])
        for var line in batch.lines {
            let done = min(written, line.bytes.count)
            written -= done
            if done == line.bytes.count { continue }
            line.bytes = line.bytes.dropFirst(done)
            if done > 0 || line.isEssential { kept.append(line) } else { dropped += 1 }
        }
        if written > 0 {
            kept.append(Line(bytes: batch.bytes.suffix(batch.noticeLength - written), isEssential: false))
        } else {
            dropped += batch.reportedDrops
        }
        for line in lines[taken...] {
            if line.isEssential { kept.append(line) } else { dropped += 1 }
        }
        (lines, taken) = (kept, 0)
        bytes = kept.reduce(0) { $0 + $1.bytes.count }
    }
}
