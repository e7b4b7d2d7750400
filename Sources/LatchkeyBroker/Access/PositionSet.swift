/// A set of positions in a text, as bits: position n means that n bytes are matched. For ``TextPattern``.
struct PositionSet {
    private var words: [UInt64]
    /// The number of positions: one more than the text has bytes.
    private let count: Int

    /// The set that has position 0 alone.
    ///
    /// - Parameter length: the length of the text in bytes.
    init(startOf length: Int) {
        count = length + 1
        words = [UInt64](repeating: 0, count: (count + 63) / 64)
        words[0] = 1
    }

    /// - Parameter length: the length of the text in bytes.
    init(emptyFor length: Int) {
        count = length + 1
        words = [UInt64](repeating: 0, count: (count + 63) / 64)
    }

    var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

    /// Whether the whole text is matched.
    var hasEnd: Bool { contains(count - 1) }

    func contains(_ position: Int) -> Bool { words[position >> 6] & (1 << UInt64(position & 63)) != 0 }

    mutating func insert(_ position: Int) { words[position >> 6] |= 1 << UInt64(position & 63) }

    /// Calls `body` with each position in ascending order.
    func forEach(_ body: (Int) -> Void) {
        for (index, word) in words.enumerated() {
            var rest = word
            while rest != 0 {
                body(index << 6 + rest.trailingZeroBitCount)
                rest &= rest - 1
            }
        }
    }

    /// Adds all positions after the first one.
    mutating func extendToEnd() {
        guard let first = words.firstIndex(where: { $0 != 0 }) else { return }
        words[first] |= 0 &- words[first]
        for index in words.indices.dropFirst(first + 1) { words[index] = .max }
        dropPastEnd()
    }

    /// Adds the positions that follow through bytes of `passable`, the positions of the bytes that may be skipped.
    ///
    /// An addition carries each position through the run of passable bytes that it is in.
    mutating func extend(through passable: PositionSet) {
        var carry: UInt64 = 0
        for index in words.indices {
            // A carry is a position too: the one that the run of the word before ends at.
            let (mask, set) = (passable.words[index], words[index] | carry)
            let (sum, overflows) = (set & mask).addingReportingOverflow(mask)
            words[index] = set | (sum ^ mask)
            carry = overflows ? 1 : 0
        }
        dropPastEnd()
    }

    private mutating func dropPastEnd() {
        let used = count & 63
        if used != 0 { words[words.count - 1] &= (1 << UInt64(used)) - 1 }
    }
}
