/// A piece of a message, counted from the message's first byte. It outlives the buffer's moving, not its changing.
package struct MessageRange: Hashable, Sendable {
    package private(set) var start: UInt32
    package private(set) var count: UInt32

    /// Nothing: a field that was not there. A field that is there but empty starts past 0.
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

    /// The bytes meant. `bytes` must be the message the range was found in.
    package func slice(of bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let from = Int(start)
        return UnsafeRawBufferPointer(rebasing: bytes[from..<(from + Int(count))])
    }

    /// The bytes meant, as text; bytes that are no UTF-8 become U+FFFD.
    package func text(of bytes: UnsafeRawBufferPointer) -> String { String(decoding: slice(of: bytes), as: UTF8.self) }
}
