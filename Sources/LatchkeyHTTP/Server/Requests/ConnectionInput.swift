/// Received bytes of one connection that do not form complete messages yet. Consuming bytes only moves an offset.
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

    /// Calls `body` with the unconsumed bytes.
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[start...])) }
    }

    /// Removes the first `count` bytes. The memory is released when nothing is left.
    mutating func consume(_ count: Int) {
        start += count
        if isEmpty { self = ConnectionInput() }
    }
}
