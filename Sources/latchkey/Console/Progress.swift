internal import Glibc
internal import LatchkeyCore

/// Shows the progress of a long command on one line of standard error, if that is a terminal.
struct Progress {
    private let what: String
    private let total: Int
    private var done = 0
    private let isShown: Bool
    /// When the line is written again: often enough to be seen, and not for each of thousands of steps.
    private var nextShow = MonotonicTime(nanoseconds: 0)
    private static let interval: Duration = .milliseconds(100)

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

    private mutating func show() {
        guard isShown else { return }
        let now = MonotonicTime.current
        guard now >= nextShow || done == total else { return }
        nextShow = now + Self.interval
        Terminal.writeError("\r\u{1B}[K\(what) \(done)/\(total)")
    }
}
