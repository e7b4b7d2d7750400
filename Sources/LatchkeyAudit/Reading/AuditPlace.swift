/// A line of a file.
package struct AuditPlace: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The position of the file among those that are read.
    package let file: Int
    package let path: String
    /// Counted from 1.
    package let line: Int

    package init(file: Int, path: String, line: Int) {
        self.file = file
        self.path = path
        self.line = line
    }

    package static func < (left: Self, right: Self) -> Bool { (left.file, left.line) < (right.file, right.line) }

    package var description: String { "\(path):\(line)" }
}
