import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyTestSupport
import Testing

/// The blobs of `Fixtures/cases/blob` and `blob-more`, with the expected value of each field.
@Suite("Fields of the blobs in the case files") struct BlobCaseTests {
    private let fixture = SecretFixture()

    @Test(arguments: ["cases/blob", "cases/blob-more"])
    func `Every field has the expected value, whatever is beside it`(folder: String) async throws {
        let files = try Fixture.names(in: folder).filter { !$0.hasSuffix(".expect.json") }
        #expect(!files.isEmpty)
        for file in files {
            let name = file.dropLast(".json".count)
            let blob = String(decoding: try Fixture.bytes("\(folder)/\(file)"), as: UTF8.self)
            let expected = try Fixture.json("\(folder)/\(name).expect.json")
            fixture.broker.clear()
            fixture.store.put("/app/dev/secrets", blob, version: "\(name)")
            fixture.sleeper.advance(by: .seconds(3))
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

    /// - Parameter request: `key` or `key?field=path`, partly percent-encoded, as in the case files.
    private func value(_ request: String) async -> Result<[UInt8]?, any Error> {
        let parts = request.split(separator: "?field=").map { Self.decoded($0) }
        do {
            let entry = try await fixture.secret(parts[0]).entry
            return .success(try parts.count > 1 ? entry.field(parts[1])?.reveal() : entry.value.reveal())
        } catch {
            return .failure(error)
        }
    }

    private static func decoded(_ text: Substring) -> String {
        var (bytes, remaining): ([UInt8], ArraySlice<UInt8>) = ([], Array(text.utf8)[...])
        while let byte = remaining.popFirst() {
            if byte == UInt8(ascii: "%"), let value = Hex.decode(String(decoding: remaining.prefix(2), as: UTF8.self)) {
                bytes += value
                remaining = remaining.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func `A key that no store can have is looked up in the blob only`() async throws {
        fixture.store.put("/app/dev/secrets", #"{"two words":"blank"}"#)
        #expect(try await fixture.text("two words") == "blank")
        for key in ["no such", "auth0-cache/token", "latchkey/backend", "a//b", "../x"] {
            let fault = await #expect(throws: UpstreamFault.self) { try await fixture.secret(key) }
            #expect(fault?.reason == .notFound)
        }
        #expect(fixture.store.calls.values.allSatisfy { $0 == "/app/dev/secrets" })
    }
}
