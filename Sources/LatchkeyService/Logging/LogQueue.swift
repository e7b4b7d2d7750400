/// The log lines that wait to be written. Pure.
///
/// Lines are ordinary or essential. When too many wait, ordinary lines are dropped first: essential lines have
/// ``reserve`` bytes that ordinary lines cannot take. A line is never cut: what was written of a line in part is
/// completed first.
package struct LogQueue: Sendable {
    /// What is to be written next.
    package struct Batch: Sendable {
        /// Whole lines, after the rest of a line that was written in part.
        package let bytes: [UInt8]
        fileprivate let lines: [Line]
        /// The lost lines that the last line of the batch tells of.
        fileprivate let reportedDrops: Int

        /// The length of that last line.
        fileprivate var noticeLength: Int { bytes.count - lines.reduce(0) { $0 + $1.bytes.count } }
    }

    fileprivate struct Line: Sendable {
        var bytes: ArraySlice<UInt8>
        var isEssential: Bool
    }

    /// Bytes of lines that may wait, essential ones included, before an ordinary line is dropped.
    package let limit: Int
    /// Bytes beyond ``limit`` that are kept for essential lines. Past them an essential line is dropped too.
    package let reserve: Int
    /// Lines dropped that no line has told of yet.
    package private(set) var dropped = 0

    /// In the order they are written.
    private var lines: [Line] = []
    /// How many of `lines` have been taken already. Taken lines are removed together, so that a long queue is not moved
    /// for each batch.
    private var taken = 0
    private var bytes = 0

    package init(limit: Int, reserve: Int) {
        self.limit = limit
        self.reserve = reserve
    }

    package var isEmpty: Bool { taken == lines.count }

    /// Takes one line, its line end included, or counts it as dropped.
    package mutating func add(_ line: [UInt8], isEssential: Bool) {
        guard bytes + line.count <= (isEssential ? limit + reserve : limit) else {
            dropped += 1
            return
        }
        lines.append(Line(bytes: line[...], isEssential: isEssential))
        bytes += line.count
    }

    /// The next lines to write: about `maxBytes` bytes, and at least one line. The batch that empties the queue ends with a
    /// line that tells how many were dropped. Nil when nothing waits.
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
        batch += "{\"level\":\"warning\",\"message\":\"log lines were dropped\",\"count\":\"\(dropped)\"}\n".utf8
        defer { dropped = 0 }
        return Batch(bytes: batch, lines: part, reportedDrops: dropped)
    }

    /// Only the first `written` bytes of a batch could be written. Ordinary lines that wait are dropped, so that what is
    /// said once writing works again is new. Essential lines wait on, and so does the rest of a line begun.
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
