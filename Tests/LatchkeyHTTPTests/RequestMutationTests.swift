import LatchkeyCore
import LatchkeyHTTP
import LatchkeyTestSupport
import Testing

@Suite struct RequestMutationTests {
    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `A request with random faults is parsed the same however it is split`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let seeds = MessageCase.requests.map(\.bytes).filter { $0.count < 400 }
        for round in 0..<2000 {
            let bytes = random.mutate(seeds.randomElement(using: &random) ?? [])
            let whole = RequestStreamReader.read(bytes, in: [0..<bytes.count])
            for size in [1, 2, 7] {
                let cut = RequestStreamReader.read(bytes, in: ByteSplitter.pieces(of: bytes.count, size: size))
                #expect(cut.events == whole.events && cut.unread == whole.unread, "seed \(seed), round \(round)")
            }
            checkAccepted(whole)
        }
    }

    /// No accepted request contains a line break or NUL, white space or a control character in its target, or an invalid
    /// character in its host.
    private func checkAccepted(_ reader: RequestStreamReader) {
        for case .request(let facts) in reader.events {
            for field in facts["fields"]?.array ?? [] {
                let text = (field.array ?? []).compactMap(\.string).joined()
                #expect(!text.utf8.contains { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F })
            }
            #expect(facts["target"]?.string?.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } == true)
            let path = facts["path"]?.string ?? ""
            #expect(path.hasPrefix("/") || path == "*")
            #expect(facts["host"]?.string?.utf8.contains { $0 <= 0x20 || $0 == UInt8(ascii: "@") } != true)
            if facts["chunked"] == true { #expect(facts["contentLength"] == .null && facts["minor"] == 1) }
        }
    }
}
