import LatchkeyCore
import LatchkeyTestSupport
import Testing

/// One row of `Tests/Fixtures/aws/credentials.json`: an environment, files and peers, and the result that the chain must
/// have. `answers` are by the request line, which for STS is followed by the content of the form.
struct CredentialScenario: Sendable, CustomTestStringConvertible {
    let row: JSON
    var testDescription: String { row["name"]?.string ?? "" }

    static func all() throws -> [CredentialScenario] {
        try Fixture.json("aws/credentials.json").array?.map { CredentialScenario(row: $0) } ?? []
    }

    func texts(_ key: String) -> [String: String] {
        (row[key]?.object ?? [:]).compactMapValues(\.string)
    }
}
