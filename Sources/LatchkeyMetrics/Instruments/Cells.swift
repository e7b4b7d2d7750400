internal import Synchronization

/// An array of atomic integers of fixed length. One update is one relaxed atomic operation.
///
/// Relaxed ordering is enough, because a scrape does not need an order between counts.
struct Cells: Sendable {
    /// 64 integers stored inline, so that 1,500 series need 24 allocations and not 1,500.
    private final class Chunk: Sendable {
        let cells: InlineArray<64, Atomic<Int64>>

        init(_ initial: Int64) { cells = InlineArray { _ in Atomic(initial) } }
    }

    private let chunks: [Chunk]
    let count: Int

    init(count: Int, initial: Int64 = 0) {
        self.count = count
        chunks = (0..<(count + 63) / 64).map { _ in Chunk(initial) }
    }

    func add(_ amount: Int64, at index: Int) {
        chunks[index >> 6].cells[index & 63].wrappingAdd(amount, ordering: .relaxed)
    }

    func store(_ value: Int64, at index: Int) {
        chunks[index >> 6].cells[index & 63].store(value, ordering: .relaxed)
    }

    /// Sets a range of cells to `initial`.
    func reset(_ range: Range<Int>, to initial: Int64 = 0) {
        for index in range { store(initial, at: index) }
    }

    subscript(index: Int) -> Int64 { chunks[index >> 6].cells[index & 63].load(ordering: .relaxed) }
}
