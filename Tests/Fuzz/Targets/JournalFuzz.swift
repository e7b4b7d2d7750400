internal import LatchkeyMigration

/// Journals of a migration: what is read back whole stays readable, and a part that was cut off does not count.
enum JournalFuzz {
    static func run(_ bytes: [UInt8]) throws(FuzzViolation) {
        guard let journal = try? Journal(bytes) else { return }
        try require(journal.wholeBytes <= bytes.count, "a journal ends within the input")
        try require(
            journal.wholeBytes == 0 || bytes[journal.wholeBytes - 1] == UInt8(ascii: "\n"),
            "a journal ends with a line end")
        let whole = try? Journal(Array(bytes[..<journal.wholeBytes]))
        try require(whole?.items == journal.items, "what was cut off changes nothing")
        try require(journal.wholeBytes == 0 || journal.header != nil, "a journal with lines has a header")
    }
}
