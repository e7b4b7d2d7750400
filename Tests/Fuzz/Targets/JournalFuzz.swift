internal import LatchkeyMigration

/// Fuzzes the reader of migration journals: the complete lines stay readable, and an incomplete last line does not count.
enum JournalFuzz {
    static func run(_ bytes: [UInt8]) throws(FuzzViolation) {
        guard let journal = try? Journal(bytes) else { return }
        try require(journal.wholeBytes <= bytes.count, "the complete lines end within the input")
        try require(
            journal.wholeBytes == 0 || bytes[journal.wholeBytes - 1] == UInt8(ascii: "\n"),
            "the complete lines end with a line end")
        let whole = try? Journal(Array(bytes[..<journal.wholeBytes]))
        try require(whole?.items == journal.items, "an incomplete last line changes nothing")
        try require(journal.wholeBytes == 0 || journal.header != nil, "a journal with lines has a header")
    }
}
