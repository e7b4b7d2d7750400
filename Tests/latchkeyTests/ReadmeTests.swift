import LatchkeyAPI
import LatchkeyBroker
import LatchkeyMetrics
import LatchkeySettings
import Testing
import latchkey

/// Compares the documentation with the tables that it describes.
@Suite struct ReadmeTests {
    private static let pages = "Sources/latchkey/Latchkey.docc/"

    @Test func `The API description has all routes, methods and query parameters`() throws {
        let description = APIDescription(try projectLines("openapi.yaml"))
        let table = Dictionary(
            uniqueKeysWithValues: RouteTable.entries.map {
                ($0.path, APIDescription.Path(methods: Set($0.methods.map(\.label)), query: $0.query))
            })
        #expect(description.paths == table)
    }

    @Test func `The API description has all error codes`() throws {
        let codes = Set(Problem.Code.allCases.map(\.rawValue))
        #expect(APIDescription(try projectLines("openapi.yaml")).codes == codes)
    }

    @Test func `The page of errors has a row for each error code`() throws {
        let rows = try rows(of: Self.pages + "Errors.md", under: "## Errors").map { cells in cells.first ?? "" }
        #expect(rows == Problem.Code.allCases.map { "`\($0.rawValue)`" })
    }

    @Test func `The page of variables that run code has every name`() throws {
        let lines = try projectLines("Sources/latchkey/Latchkey.docc/CodeVariables.md")
        let start = try #require(lines.firstIndex { $0.hasPrefix("## ") })
        let shown = lines[start...].filter { $0.hasPrefix("`") }.flatMap { $0.split(separator: " ") }
            .map { String($0.filter { $0 != "`" }) }
        let names =
            CodeVariables.prefixes.map { $0 + "*" } + CodeVariables.suffixes.map { "*" + $0 }
            + CodeVariables.npmSettings.map { "npm_config_" + $0 } + CodeVariables.names
        #expect(shown.sorted() == names.sorted())
    }

    @Test func `The page of settings has the table of settings`() throws {
        let rows = try rows(of: Self.pages + "Settings.md", under: "# Settings")
        let table = SettingName.allCases.map { name in
            ["`\(name.rawValue)`", name.row.defaultValue.map { "`\($0)`" } ?? "", name.row.meaning]
        }
        #expect(rows == table)
    }

    @Test func `The unit's environment file shows every setting a service may have, at its default`() throws {
        let shown = try projectLines("deploy/systemd/latchkey.env").filter { line in
            line.contains("=") && !line.hasPrefix("# ") && !line.hasPrefix("#AWS_")
        }
        // The unit sets the key itself. The other two are for other ways to start and for clients.
        let elsewhere: Set<SettingName> = [.apiKey, .config, .url]
        let wanted = SettingName.allCases.filter { !$0.row.isReserved && !elsewhere.contains($0) }
        #expect(shown == wanted.map { "#\($0.rawValue)=\($0.row.defaultValue ?? "")" })
    }

    @Test func `The unit's environment file says what each setting means, and the help of serve names each backend`()
        throws
    {
        var comment: [Substring] = []
        for line in try projectLines("deploy/systemd/latchkey.env") {
            let name = line.dropFirst().prefix { $0 != "=" }
            if line.hasPrefix("#"), let setting = SettingName(rawValue: String(name)) {
                let meaning = setting.row.meaning
                #expect(comment.joined(separator: " ") == meaning.prefix(1).uppercased() + meaning.dropFirst() + ".")
            }
            if line.hasPrefix("# ") { comment.append(line.dropFirst(2)) } else { comment = [] }
        }
        let backend = try #require(
            projectLines("Sources/latchkey/Commands/SettingFlags.swift").first {
                $0.contains("(LATCHKEY_SECRETS_BACKEND)")
            })
        for word in SecretBackend.allCases.map(\.rawValue) + ["auto"] { #expect(backend.contains(word)) }
    }

    /// The cells of the first table below a heading, without the header row.
    private func rows(of path: String, under heading: String) throws -> [[String]] {
        let lines = try projectLines(path).drop { $0 != heading }.drop { !$0.hasPrefix("|") }
        return lines.prefix { $0.hasPrefix("|") }.dropFirst(2).map { line in
            line.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false).map { cell in
                String(cell.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            }
        }
    }
}
