internal import LatchkeyCore
internal import Synchronization

/// A value as JSON, parsed when it is first looked into and kept for as long as its entry, within a budget for all.
final class ParsedText: Sendable {
    /// How much text is kept parsed. What is past it is parsed anew each time.
    final class Budget: Sendable {
        /// Bytes of text in all; parsed, a text takes up to some ten times its length.
        static let most = 4 << 20

        private let most: Int
        private let used = Atomic<Int>(0)

        init(most: Int = most) { self.most = most }

        /// Bytes of text that are kept parsed now.
        var kept: Int { used.load(ordering: .relaxed) }

        fileprivate func take(_ bytes: Int) -> Bool {
            guard used.add(bytes, ordering: .relaxed).newValue <= most else {
                giveBack(bytes)
                return false
            }
            return true
        }

        fileprivate func giveBack(_ bytes: Int) { used.subtract(bytes, ordering: .relaxed) }
    }

    private enum State {
        case unread
        /// Nil for a text that is no JSON.
        case read(JSON?)
    }

    private let budget: Budget
    private let state = Mutex(State.unread)
    /// What was taken from the budget.
    private let taken = Atomic<Int>(0)

    init(_ budget: Budget) { self.budget = budget }

    deinit { budget.giveBack(taken.load(ordering: .relaxed)) }

    /// The text as JSON; nil where it is none.
    func json(of text: () -> [UInt8]) -> JSON? {
        state.withLock { state in
            if case .read(let json) = state { return json }
            let bytes = text()
            let json = try? JSON(parsing: bytes)
            if json == nil {
                state = .read(nil)
            } else if budget.take(bytes.count) {
                taken.store(bytes.count, ordering: .relaxed)
                state = .read(json)
            }
            return json
        }
    }
}
