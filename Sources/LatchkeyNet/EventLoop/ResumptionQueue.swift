/// Handlers that requested another turn, in the order of their requests.
///
/// A round serves the handlers that were waiting when it began. A handler that requests another turn during the round
/// waits for the next round.
struct ResumptionQueue {
    private var waiting: [ChannelID] = []
    /// Handlers before this index have been served.
    private var start = 0
    /// The round ends before this index.
    private var end = 0

    var isEmpty: Bool { start == waiting.count }

    mutating func append(_ id: ChannelID) { waiting.append(id) }

    /// Begins a round with all handlers that wait. Those that the last round did not serve come first.
    mutating func beginRound() {
        // The served part is removed once it is half of the array, so that each entry moves once on average.
        if start > 32, start * 2 > waiting.count {
            waiting.removeSubrange(..<start)
            start = 0
        }
        end = waiting.count
    }

    /// The next handler of this round; nil at the end of the round.
    mutating func next() -> ChannelID? {
        guard start < end else { return nil }
        let id = waiting[start]
        start += 1
        if isEmpty {
            waiting.removeAll(keepingCapacity: true)
            (start, end) = (0, 0)
        }
        return id
    }
}
