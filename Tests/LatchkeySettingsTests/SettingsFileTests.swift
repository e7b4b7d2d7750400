import LatchkeySettings
import Testing

/// Lines of settings files that systemd and dotenv readers read alike, and lines that they read differently.
/// `Tests/EndToEnd/api/test_settings_file.py` has whole files.
@Suite struct SettingsFileTests {
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
        ("A=a b\t", "a b"), ("A=\"sesame # 7\"", "sesame # 7"), ("A=\"open\\\"sesame\"", "open\"sesame"),
        ("A=\"one\\\\two\"", "one\\two"), ("A=\"example value\"", "example value"),
        ("A='sesame' # the orders client", "sesame"), ("A='x'\t# y", "x"), ("A=''", ""), ("A=", ""),
        ("A = \u{E9}", "\u{E9}"),
    ])
    func `A line that systemd and dotenv readers read alike has that value`(line: String, value: String) {
        let file = SettingsFile(line)
        #expect(file.errors.isEmpty && file.assignments.map(\.value) == [value])
    }

    @Test func `A file with a byte order mark is rejected`() {
        #expect(SettingsFile("\u{FEFF}A=b").errors.map(\.line) == [1])
    }
}
