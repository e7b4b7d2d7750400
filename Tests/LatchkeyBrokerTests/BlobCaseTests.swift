import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyTestSupport
import Testing

/// The texts of `Fixtures/cases/blob` and `blob-more`, with what each field of them is.
@Suite("Blobs as applications write them") struct BlobCaseTests {
    private let bench = SecretBench()

    @Test(arguments: ["cases/blob", "cases/blob-more"])
    func `Every field is what its expectation says, whatever stands beside it`(folder: String) async throws {
        let files = try Fixture.names(in: folder).filter { !$0.hasSuffix(".expect.json") }
        #expect(!files.isEmpty)
        for file in files {
            let name = file.dropLast(".json".count)
            let blob = String(decoding: try Fixture.bytes("\(folder)/\(file)"), as: UTF8.self)
            let expected = try Fixture.json("\(folder)/\(name).expect.json")
            bench.broker.clear()
            bench.store.put("/app/dev/secrets", blob, version: "\(name)")
            bench.sleeper.advance(by: .seconds(3))
            for (request, outcome) in expected["fields"]?.object ?? [:] {
                let found = await value(request)
                if let text = outcome["text"]?.string {
                    #expect(try found.get() == Array(text.utf8), "\(name): \(request)")
                } else {
                    #expect(throws: UpstreamFault.self, "\(name): \(request)") { try found.get() }
                    if case .failure(let fault as UpstreamFault) = found {
                        #expect(fault.code == outcome["upstream_code"]?.string, "\(name): \(request)")
                        #expect(fault.reason == .invalid, "\(name): \(request)")
                    }
                }
            }
        }
    }

    /// `key` or `key?field=path`, percent-encoded in part as the tables have it.
    private func value(_ request: String) async -> Result<[UInt8]?, any Error> {
        let parts = request.split(separator: "?field=").map { Self.decoded($0) }
        do {
            let entry = try await bench.secret(parts[0]).entry
            return .success(try parts.count > 1 ? entry.field(parts[1])?.reveal() : entry.value.reveal())
        } catch {
            return .failure(error)
        }
    }

    private static func decoded(_ text: Substring) -> String {
        var (bytes, rest): ([UInt8], ArraySlice<UInt8>) = ([], Array(text.utf8)[...])
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let value = Hex.decode(String(decoding: rest.prefix(2), as: UTF8.self)) {
                bytes += value
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func `A key that no store can have is looked for in the blob alone`() async throws {
        bench.store.put("/app/dev/secrets", #"{"two words":"blank"}"#)
        #expect(try await bench.text("two words") == "blank")
        for key in ["no such", "auth0-cache/token", "latchkey/backend", "a//b", "../x"] {
            let fault = await #expect(throws: UpstreamFault.self) { try await bench.secret(key) }
            #expect(fault?.reason == .notFound)
        }
        #expect(bench.store.calls.values.allSatisfy { $0 == "/app/dev/secrets" })
    }
}

@Suite struct `Paths of fields` {
    private static let mixed =
        #"{"a":{"b":"inner"},"a.b":"flat","x":{"ca.crt":"CA"},"list":["zero",{"k":1.50}],"0":"named","/p":"slash","~":"t"}"#

    @Test(
        arguments: [
            ("a.b", "flat"), ("x.ca.crt", "CA"), ("list.0", "zero"), ("list.1.k", "1.50"), ("0", "named"),
            ("/a/b", "inner"),
            ("/x/ca.crt", "CA"), ("/list/1/k", "1.50"), ("/a.b", "flat"), ("/p", "slash"), ("/~1p", "slash"),
            ("/~0", "t"),
            ("list.1", #"{"k":1.50}"#),
            ("a.c", nil), ("a.b.c", nil), ("list.2", nil), ("list.00", nil), ("list.+0", nil), ("list.-0", nil),
            ("/a~1b", nil),
            ("/", nil), ("/~2", nil), ("", nil), (".", nil), ("a.", nil), (".a", nil), ("/list/01", nil),
            ("/a/b/", nil),
            ("list.99999999999999999999", nil), ("x.ca", nil), ("A", nil),
        ] as [(String, String?)])
    func `The whole name comes first, then a path, then a pointer`(path: String, text: String?) throws {
        let root = try JSONDocument(Self.mixed.utf8, limits: .document).root
        let found = FieldPath(path).find(in: root).map { $0.string ?? String(decoding: $0.source, as: UTF8.self) }
        #expect(found == text)
    }

    @Test func `An empty name is reached by a pointer`() throws {
        let root = try JSONDocument(#"{"":{"":"deep"}}"#.utf8, limits: .document).root
        #expect(FieldPath("//").find(in: root)?.string == "deep")
    }
}
