internal import Synchronization

/// The last observation of each bucket that belongs to a recorded trace (OpenMetrics 1.0 §4.6.1). Only requests of such a
/// trace take its lock.
final class Exemplars: Sendable {
    struct Exemplar: Equatable {
        /// 32 hexadecimal digits.
        let trace: String
        let nanoseconds: Int64
    }

    /// By the index of the bucket's cell, which bounds their number.
    private let last = Mutex<[Int: Exemplar]>([:])

    func put(_ exemplar: Exemplar, at cell: Int) { last.withLock { $0[cell] = exemplar } }

    subscript(cell: Int) -> Exemplar? { last.withLock { $0[cell] } }
}
