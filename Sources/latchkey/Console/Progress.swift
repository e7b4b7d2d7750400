internal import Glibc

/// How far a long command is, on one line of a terminal; nothing where standard error is none.
struct Progress {
    private let what: String
    private let total: Int
    private var done = 0
    private let isShown: Bool

    init(_ what: String, of total: Int) {
        self.what = what
        self.total = total
        isShown = isatty(STDERR_FILENO) == 1 && total > 0
    }

    mutating func step() {
        done += 1
        show()
    }

    /// Leaves the line empty for what is printed next.
    func end() {
        if isShown { Terminal.writeError("\r\u{1B}[K") }
    }

    private func show() {
        if isShown { Terminal.writeError("\r\u{1B}[K\(what) \(done)/\(total)") }
    }
}
