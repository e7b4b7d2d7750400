/// A range of a message, counted from the first byte of the message.
///
/// The range stays valid when the buffer moves, and only as long as the message is unchanged.
package struct MessageRange: Hashable, Sendable {
    package private(set) var start: UInt32
    package private(set) var count: UInt32

    /// A field that the message does not have. A field that is present but empty has a start above 0.
    package static let absent = MessageRange(start: 0, count: 0)

    private init(start: UInt32, count: UInt32) {
        self.start = start
        self.count = count
    }

    init(_ range: Range<Int>) {
        start = UInt32(truncatingIfNeeded: range.lowerBound)
        count = UInt32(truncatingIfNeeded: range.count)
    }

    package var isPresent: Bool { start != 0 || count != 0 }

    /// The bytes of the range. `bytes` must be the message that the range belongs to.
    package func slice(of bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let from = Int(start)
        return UnsafeRawBufferPointer(rebasing: bytes[from..<(from + Int(count))])
    }

    /// The bytes of the range as text, with U+FFFD for bytes that are not UTF-8.
    package func text(of bytes: UnsafeRawBufferPointer) -> String { String(decoding: slice(of: bytes), as: UTF8.self) }
}
