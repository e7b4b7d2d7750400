/// Splits an input at offsets that the input itself determines, so that the fuzzer can search for bad splits.
enum FuzzPieces {
    /// Adjacent ranges that cover `bytes`. The low bits of the first byte of each determine its length, 1 to 16.
    static func of(_ bytes: [UInt8]) -> [Range<Int>] {
        var pieces: [Range<Int>] = []
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + 1 + Int(bytes[start] & 0x0F))
            pieces.append(start..<end)
            start = end
        }
        return pieces
    }
}
