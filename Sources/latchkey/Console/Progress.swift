internal import Glibc

/// Shows the progress of a long command on one line of standard error, if that is a terminal.
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

    /// Clears the line for further output.
    func end() {
        if isShown { Terminal.writeError("\r\u{1B}[K") }
    }

    private func show() {
        if isShown { Terminal.writeError("\r\u{1B}[K\(what) \(done)/\(total)") }
    }
}
