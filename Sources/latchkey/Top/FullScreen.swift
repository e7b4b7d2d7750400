internal import CSignals
internal import Glibc
internal import LatchkeyTop

/// The terminal as a full screen: entered and left, at a crash too, and its size.
enum FullScreen {
    /// Whether keys can be read and a screen can be shown.
    static var isPossible: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 }

    /// - Throws: if the terminal refuses.
    static func enter() throws {
        guard latchkey_terminal_enter(STDIN_FILENO, STDOUT_FILENO, TopScreen.enter, TopScreen.leave) == 0 else {
            throw CommandFailure(.failed, "the terminal cannot be used: \(String(cString: strerror(errno)))")
        }
    }

    /// Restores the terminal, if it was entered.
    static func leave() { latchkey_terminal_leave() }

    /// The size of the terminal; nil if there is none.
    static var size: TopSize? {
        var (columns, rows): (Int32, Int32) = (0, 0)
        guard latchkey_terminal_size(STDOUT_FILENO, &columns, &rows) == 0 else { return nil }
        return TopSize(columns: Int(columns), rows: Int(rows))
    }
}
