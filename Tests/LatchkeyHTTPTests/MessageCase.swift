import FoundationEssentials
import LatchkeyCore
import Testing

/// One case of a table in Tests/Fixtures/http; the format is told at the head of each file.
struct MessageCase: CustomTestStringConvertible, Sendable {
    let name: String
    let bytes: [UInt8]
    let expect: JSON
    let options: JSON

    var testDescription: String { name }

    /// Every case of a table; none when the file is missing or malformed, which the tests on their number notice.
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

    /// The bytes a string, or a list of strings and repetitions, stands for: one for each character (latin-1).
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

/// Bytes as the tables write them: one character for each.
func latin1(_ bytes: some Sequence<UInt8>) -> JSON {
    var text = ""
    for byte in bytes { text.unicodeScalars.append(Unicode.Scalar(byte)) }
    return .string(text)
}
