import FoundationEssentials
import LatchkeyCore
import Testing

/// One case of a table in Tests/Fixtures/http. Each file describes its format at its head.
struct MessageCase: CustomTestStringConvertible, Sendable {
    let name: String
    let bytes: [UInt8]
    let expect: JSON
    let options: JSON

    var testDescription: String { name }

    /// All cases of a table. Empty when the file is missing or malformed; tests of the number of cases then fail.
    static func table(_ file: String, testFile: String = #filePath) -> [MessageCase] {
        let tests = URL(filePath: testFile).deletingLastPathComponent().deletingLastPathComponent()
        let path = tests.appending(path: "Fixtures/http/\(file)")
        guard let text = try? Data(contentsOf: path), let table = try? JSON(parsing: text) else { return [] }
        return (table["cases"]?.array ?? []).compactMap(MessageCase.init)
    }

    static let requests = table("requests.json")
    static let chunked = table("chunked.json")
    static let responses = table("responses.json")

    private init?(_ json: JSON) {
        guard let name = json["name"]?.string, json["source"]?.string?.isEmpty == false, let expect = json["expect"],
            let bytes = json["bytes"].flatMap(Self.joined)
        else { return nil }
        self.name = name
        self.expect = expect
        self.bytes = bytes
        options = json
    }

    /// The bytes of a string, or of a list of strings and repetitions: one byte for each character (Latin-1).
    static func joined(_ json: JSON) -> [UInt8]? {
        if let text = json.string { return text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) } }
        guard let parts = json.array else { return nil }
        return parts.flatMap { part -> [UInt8] in
            guard let repeated = part["repeat"], let count = part["count"]?.integer else { return joined(part) ?? [] }
            let piece = joined(repeated) ?? []
            return Array(repeatElement(piece, count: Int(count)).joined())
        }
    }
}

/// Bytes in the notation of the tables: one character for each byte.
func latin1(_ bytes: some Sequence<UInt8>) -> JSON {
    var text = ""
    for byte in bytes { text.unicodeScalars.append(Unicode.Scalar(byte)) }
    return .string(text)
}
