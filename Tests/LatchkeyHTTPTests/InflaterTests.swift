import LatchkeyHTTP
import Testing

@Suite struct InflaterTests {
    @Test func `What was compressed comes back`() throws {
        for size in [0, 1, 1000, 200_000] {
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 * $0) }
            let packed = try #require(Deflater.gzip(bytes))
            #expect(try Inflater.gunzip(packed, limit: size) == bytes)
        }
    }

    @Test func `A bomb is stopped at the bound`() throws {
        let bomb = try #require(Deflater.gzip([UInt8](repeating: 0, count: 50 << 20)))
        #expect(bomb.count < 300_000)
        #expect(throws: Inflater.InflateError.tooLarge) { try Inflater.gunzip(bomb, limit: 1 << 20) }
    }

    @Test func `What is cut off, damaged, followed by more or no gzip at all is refused`() throws {
        let packed = try #require(Deflater.gzip(Array("some text to compress, some text to compress".utf8)))
        var damaged = packed
        damaged[packed.count - 6] ^= 1
        for bytes in [Array(packed.dropLast()), damaged, packed + [0], Array("plain".utf8), []] {
            #expect(throws: Inflater.InflateError.malformed) { try Inflater.gunzip(bytes, limit: 1000) }
        }
    }
}
