/// Pieces of an input at places that the input itself decides, so that the fuzzer can search for bad ones.
enum FuzzPieces {
    /// Ranges that cover `bytes` without gaps: 1 to 16 bytes each, by the bytes' own low bits.
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
