import LatchkeyCore
import LatchkeySettings
import LatchkeyTestSupport
import Testing

/// Checks the reader of settings files against the shared table of lines on which systemd and dotenv readers agree or not.
@Suite struct SettingsFileTests {
    private static let folder = "cases/settings"

    private func load(_ text: String, _ environment: [String: String] = [:]) throws(SettingsError) -> Settings {
        let environment = environment.merging(["LATCHKEY_CONFIG": "/f"]) { own, _ in own }
        return try Settings.load(environment: environment, need: .client, processors: 2) { $0 == "/f" ? text : nil }
    }

    private func problems(_ text: String, _ environment: [String: String] = [:]) -> [String] {
        do throws(SettingsError) {
            _ = try load(text, environment)
            return []
        } catch {
            return error.lines
        }
    }

    @Test func `Every file of the table is accepted, or rejected at its line`() throws {
        let cases = try #require(Fixture.json("\(Self.folder)/expect.json").object)
        #expect(cases.count >= 18)
        for (name, expected) in cases {
            let text = String(decoding: try Fixture.bytes("\(Self.folder)/\(name)"), as: UTF8.self)
            let found = problems(text, ["AWS_REGION": "eu-central-1"])
            if expected["exit"]?.integer == 78 {
                let line = try #require(expected["refused_at_line"]?.integer)
                #expect(found.count == 1 && found[0].hasPrefix("/f, line \(line): "), "\(name): \(found)")
                continue
            }
            #expect(found.isEmpty, "\(name)")
            let file = SettingsFile(text)
            let values = Dictionary(file.assignments.map { ($0.name, $0.value) }) { $1 }
            let wanted = try #require(expected["values"]?.object).compactMapValues(\.string)
            #expect(values == wanted, "\(name)")
        }
    }

    @Test(arguments: [
        ("A='x\\'", "in single quotes"), ("A='x\\\\y'", "in single quotes"), ("A=x\\y", "outside quotes"),
        ("A=#x", "a #"), ("A= # x", "a #"), ("A=\"x\\$y\"", "in double quotes"), ("A=\"x\\t\"", "in double quotes"),
        ("A=\"x\\\\\"", "ends in a backslash"), ("A='x' y", "after the closing quote"),
        ("A='x'#y", "after the closing quote"), ("A='x''y'", "after the closing quote"), ("A=\"x", "not closed"),
        ("A=${B}", "${…}"), ("A='a${B:-c}d'", "${…}"), ("A=a\u{A0}", "white space"), ("A=a\u{B}b", "control character"),
        ("A B=c", "a name has"), ("=c", "a name has"), ("A", "not NAME=value"),
    ])
    func `A line that systemd and dotenv readers read differently is rejected without showing the value`(
        line: String, reason: String
    ) throws {
        let file = SettingsFile("# first\r\n\(line)\nB=hush-hush")
        let error = try #require(file.errors.first)
        #expect(error.line == 2 && error.reason.contains(reason), "\(error)")
        #expect(file.assignments.map(\.name) == ["B"] && !error.reason.contains("hush"))
    }

    @Test(arguments: [
        ("A=\"x\\wy\"", "x\\wy"), ("A=it's", "it's"), ("A=a\"b", "a\"b"), ("A=$x", "$x"), ("A='  x '", "  x "),
        ("A=a b\t", "a b"), ("A='x'\t# y", "x"), ("A=''", ""), ("A=", ""), ("A = \u{E9}", "\u{E9}"),
    ])
    func `A line that systemd and dotenv readers read alike has that value`(line: String, value: String) {
        let file = SettingsFile(line)
        #expect(file.errors.isEmpty && file.assignments.map(\.value) == [value])
    }

    @Test func `A file with a byte order mark is rejected`() {
        #expect(SettingsFile("\u{FEFF}A=b").errors.map(\.line) == [1])
    }

    @Test func `A printed report can be read back as a settings file, without the secrets`() throws {
        let table = try Fixture.json("\(Self.folder)/round-trip.json")
        let more = try Fixture.json("cases/settings-more/round-trip.json")
        for each in (table["cases"]?.array ?? []) + (more["cases"]?.array ?? []) {
            let environment = (each["environment"]?.object ?? [:]).compactMapValues(\.string)
            let settings = try Settings.load(environment: environment, need: .client, processors: 2) { _ in nil }
            let report = SettingsReport(settings)
            let again = SettingsReport(try load(report.text))
            for (first, second) in zip(report.lines, again.lines) where first.name != "LATCHKEY_CONFIG" {
                let isGone = first.value == "<secret>" || first.name == each["second_run"]?["without"]?.string
                #expect(second.value == (isGone ? nil : first.value), "\(first.name)")
            }
        }
    }
}
