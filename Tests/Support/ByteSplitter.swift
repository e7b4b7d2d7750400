/// Ways in which a network may cut a message: whole, byte by byte, and in two pieces at every place.
package enum ByteSplitter {
    /// Past this many bytes two-piece cuts are taken at evenly spread places only, and single bytes become pieces.
    private static let small = 2048
    private static let large = 70_000

    /// The pieces of a message of `count` bytes, one list for each way.
    package static func ways(of count: Int) -> [[Range<Int>]] {
        let step = max(1, count / small * 64)
        let pairs = stride(from: 1, to: max(count, 1), by: step).map { [0..<$0, $0..<count] }
        return [[0..<count], pieces(of: count, size: count > large ? 1021 : 1)] + pairs
    }

    /// `count` bytes in pieces of `size`, the last one shorter.
    package static func pieces(of count: Int, size: Int) -> [Range<Int>] {
        stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }
    }
}
