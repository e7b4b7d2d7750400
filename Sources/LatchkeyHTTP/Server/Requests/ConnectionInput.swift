/// Bytes of one connection that were received and are not yet part of whole messages. Taking bytes from the front moves
/// an offset.
struct ConnectionInput {
    private var bytes: [UInt8] = []
    private var start = 0

    var isEmpty: Bool { start == bytes.count }

    mutating func append(_ more: UnsafeRawBufferPointer) {
        if start > 0 {
            bytes.removeSubrange(..<start)
            start = 0
        }
        bytes.append(contentsOf: more)
    }

    /// Calls `body` with what is there.
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[start...])) }
    }

    /// The first `count` bytes are done with. An empty input holds no memory.
    mutating func consume(_ count: Int) {
        start += count
        if isEmpty { self = ConnectionInput() }
    }
}
