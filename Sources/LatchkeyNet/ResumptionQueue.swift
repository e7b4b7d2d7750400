/// Handlers that asked for another turn, in the order they asked.
///
/// A round serves those that waited when it began. Who asks again during the round waits for the next one.
struct ResumptionQueue {
    private var waiting: [ChannelID] = []
    /// The handlers before this index have had their turn.
    private var start = 0
    /// The round ends here.
    private var end = 0

    var isEmpty: Bool { start == waiting.count }

    mutating func append(_ id: ChannelID) { waiting.append(id) }

    /// Begins a round with all that wait now. What an earlier round left undone stands first.
    mutating func beginRound() {
        // The part already served is dropped once it is half of the array: amortised, each entry is moved once.
        if start > 32, start * 2 > waiting.count {
            waiting.removeSubrange(..<start)
            start = 0
        }
        end = waiting.count
    }

    /// The next of this round, or nil at its end.
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
