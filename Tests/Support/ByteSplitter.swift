/// The ways in which a network may split a message: whole, byte by byte, and in two pieces at every position.
package enum ByteSplitter {
    /// From this size on two-piece splits are made at evenly spread positions only.
    private static let fewerPairsFrom = 2048
    /// Above this size the smallest pieces are not single bytes.
    private static let maxBytewise = 70_000

    /// The pieces of a message of `count` bytes, one list for each way.
    package static func ways(of count: Int) -> [[Range<Int>]] {
        let step = max(1, count / fewerPairsFrom * 64)
        let pairs = stride(from: 1, to: max(count, 1), by: step).map { [0..<$0, $0..<count] }
        return [[0..<count], pieces(of: count, size: count > maxBytewise ? 1021 : 1)] + pairs
    }

    /// `count` bytes in pieces of `size`, the last one possibly shorter.
    package static func pieces(of count: Int, size: Int) -> [Range<Int>] {
        stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }
    }
}
