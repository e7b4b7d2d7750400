internal import Synchronization

/// Identifies an object that is confined to a loop and has no descriptor of its own, such as a server's worker or a
/// client's connection pool.
package struct LoopObjectID: Hashable, Sendable {
    private static let serial = Atomic<Int>(0)
    private let number: Int

    /// An id that is unique in the process.
    package init() { number = Self.serial.add(1, ordering: .relaxed).newValue }
}
