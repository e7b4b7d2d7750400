import LatchkeyHTTP
import Testing

@Suite struct InflaterTests {
    @Test func `Compressed bytes are restored by decompression`() throws {
        for size in [0, 1, 1000, 200_000] {
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 * $0) }
            let packed = try #require(Deflater.gzip(bytes))
            #expect(try Inflater.gunzip(packed, limit: size) == bytes)
        }
    }

    @Test func `Decompression stops at the limit`() throws {
        let bomb = try #require(Deflater.gzip([UInt8](repeating: 0, count: 50 << 20)))
        #expect(bomb.count < 300_000)
        #expect(throws: Inflater.InflateError.tooLarge) { try Inflater.gunzip(bomb, limit: 1 << 20) }
    }

    @Test func `Gzip that is truncated, damaged or followed by other bytes is rejected, and so is other data`() throws {
        let packed = try #require(Deflater.gzip(Array("some text to compress, some text to compress".utf8)))
        var damaged = packed
        damaged[packed.count - 6] ^= 1
        for bytes in [Array(packed.dropLast()), damaged, packed + [0], Array("plain".utf8), []] {
            #expect(throws: Inflater.InflateError.malformed) { try Inflater.gunzip(bytes, limit: 1000) }
        }
    }
}
