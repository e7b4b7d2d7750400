internal import LatchkeyCore
internal import Synchronization

/// A value as JSON, parsed when it is first looked into and kept for as long as its entry, within a budget for all.
final class ParsedText: Sendable {
    /// How much text is kept parsed. What is past it is parsed anew each time.
    final class Budget: Sendable {
        /// Bytes of text in all; parsed, a text takes up to nine times its length.
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
        case read(Result<JSONDocument, JSONError>)
    }

    private let budget: Budget
    private let state = Mutex(State.unread)
    /// What was taken from the budget.
    private let taken = Atomic<Int>(0)

    init(_ budget: Budget) { self.budget = budget }

    deinit { budget.giveBack(taken.load(ordering: .relaxed)) }

    /// The text as JSON, read with ``JSONLimits/document``.
    func document(of text: () -> [UInt8]) throws(JSONError) -> JSONDocument {
        try state.withLock { state in
            if case .read(let result) = state { return result }
            let bytes = text()
            let result = Result { () throws(JSONError) in try JSONDocument(bytes, limits: .document) }
            if case .failure = result {
                state = .read(result)
            } else if budget.take(bytes.count) {
                taken.store(bytes.count, ordering: .relaxed)
                state = .read(result)
            }
            return result
        }.get()
    }
}
