internal import LatchkeyCore
internal import Synchronization

/// The value of an entry as JSON: parsed on first use and kept as long as the entry, within a budget for all entries.
final class ParsedText: Sendable {
    /// Limits how much text is kept parsed, or rendered. What is beyond it is parsed or rendered on each use.
    final class Budget: Sendable {
        /// The limit in bytes of text. A parsed text takes up to nine times its length.
        static let maxBytes = 4 << 20
        /// The limit in bytes of secrets that are kept as JSON.
        static let maxRenderedBytes = 32 << 20

        private let maxBytes: Int
        private let used = Atomic<Int>(0)

        init(maxBytes: Int = maxBytes) { self.maxBytes = maxBytes }

        /// The bytes of text that are kept now.
        var usedBytes: Int { used.load(ordering: .relaxed) }

        func take(_ bytes: Int) -> Bool {
            guard used.add(bytes, ordering: .relaxed).newValue <= maxBytes else {
                giveBack(bytes)
                return false
            }
            return true
        }

        func giveBack(_ bytes: Int) { used.subtract(bytes, ordering: .relaxed) }
    }

    private enum State {
        case unread
        case read(Result<JSONDocument, JSONError>)
    }

    private let budget: Budget
    private let state = Mutex(State.unread)
    /// The bytes that were taken from the budget.
    private let taken = Atomic<Int>(0)

    init(_ budget: Budget) { self.budget = budget }

    deinit { budget.giveBack(taken.load(ordering: .relaxed)) }

    /// The text as JSON, parsed with ``JSONLimits/document``.
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
