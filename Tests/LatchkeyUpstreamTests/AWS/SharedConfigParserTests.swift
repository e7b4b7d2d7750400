import LatchkeyCore
import LatchkeyTestSupport
import LatchkeyUpstream
import Testing

/// The text of shared files: AWS's table of cases, and further cases.
@Suite struct SharedConfigParserTests {
    private static func cases() throws -> [JSON] {
        try Fixture.json("data/aws/profile-parser-tests.json")["tests"]?.array ?? []
    }

    @Test func `The SDKs' cases of shared files have the results that they name`() throws {
        let cases = try Self.cases()
        #expect(cases.count == 65)
        for row in cases {
            let name = row["name"]?.string ?? "?"
            let fixture = SharedFilesFixture(
                config: row["input"]?["configFile"]?.string, credentials: row["input"]?["credentialsFile"]?.string)
            if row["output"]?["errorContaining"] != nil {
                let error = #expect(throws: SharedConfigError.self, "\(name)") { try fixture.files() }
                #expect(error?.line != nil && error?.path == "/h/.aws/config", "\(name)")
                continue
            }
            let files = try fixture.files()
            try check(files, row["output"]?["config"] ?? .null, name)
        }
    }

    private func check(_ files: SharedFiles, _ expected: JSON, _ name: String) throws {
        let profiles = expected["profiles"]?.object ?? [:]
        #expect(Set(files.profileNames.filter(isPortable)) == Set(profiles.keys), "\(name)")
        for (profile, properties) in profiles {
            let found = try files.profile(profile)
            for (key, value) in properties.object ?? [:] {
                #expect(found.flatMap { rendered($0.value(key)) } == value.string, "\(name): \(profile).\(key)")
            }
            #expect(found?.names.filter(isPortable).count == properties.object?.count, "\(name): \(profile)")
        }
        for (session, properties) in expected["sso_sessions"]?.object ?? [:] {
            let found = try #require(files.ssoSession(session))
            for (key, value) in properties.object ?? [:] {
                #expect(rendered(found.value(key)) == value.string, "\(name): \(session).\(key)")
            }
        }
    }

    /// Latchkey and botocore keep names with other characters; the other SDKs ignore them.
    private func isPortable(_ name: String) -> Bool {
        name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-/.%@_:+".contains($0)) }
    }

    private func rendered(_ value: SharedConfigProperty.Value?) -> String? {
        switch value {
        case nil: nil
        case .text(let plain, _): plain
        case .block(let nested): nested.map { "\n\($0.name) =\($0.value.isEmpty ? "" : " ")\($0.value)" }.joined()
        }
    }

    // MARK: Lines

    @Test(arguments: [
        (Array("\u{FEFF}[default]".utf8), 1, "byte order mark"), ([0xFF, 0xFE, 0x5B, 0], 1, "UTF-16"),
        ([0xFE, 0xFF, 0, 0x5B], 1, "UTF-16"), ([0x5B, 0, 0x61, 0, 0x5D, 0], 1, "control character"),
        (Array("[a]\r\n\r\n# caf".utf8) + [0xE9], 3, "UTF-8"), (Array("[a]\rb = ".utf8) + [0xFC, 0x0D], 2, "UTF-8"),
        (Array("[a]\n\u{00A0}b = c".utf8), 2, "white space"), (Array("[a]\nb = c\u{2028}d = e".utf8), 2, "white space"),
        (Array("[a]\nb = c\u{0B}".utf8), 2, "control character"),
        (Array("[a]\nb = \u{85}".utf8), 2, "control character"),
        (Array("[a]\n\u{FEFF}b = c".utf8), 2, "control character"), (Array("[a]\nb: c = d".utf8), 2, "equals sign"),
        (Array("[a]\nb\n".utf8), 2, "equals sign"), (Array("[a]\n= b".utf8), 2, "without a name"),
        (Array("[a]\n\u{212A}ey = b".utf8), 2, "ASCII"), (Array("[a".utf8), 1, "]"),
        (Array("[]".utf8), 1, "without a name"),
        (Array("[a] b".utf8), 1, "comment"), (Array("[a]b]".utf8), 1, "comment"), (Array("[a] # b]".utf8), 1, "]"),
        (Array("[a]\nb =\n  c = d\n  e\n".utf8), 4, "equals sign"),
        (Array("[a]\nb =\n  = d".utf8), 3, "without a name"),
        (Array("[a]\nb = c\n [d]\ne = f".utf8), 3, "indent"),
        ([UInt8](repeating: 0x0A, count: SharedConfigParser.maxBytes + 1), 1, "1 MiB"),
    ])
    func `The error for a line that is not valid names the line and the reason`(bytes: [UInt8], line: Int, says: String)
        throws
    {
        let error = #expect(throws: SharedConfigSyntaxError.self) { try SharedConfigParser.parse(bytes) }
        #expect(error?.line == line)
        #expect(error?.reason.contains(says) ?? false, "\(error?.reason ?? "nothing")")
    }

    @Test func `A comment can have any character`() throws {
        let text = "# \u{0B}\u{00A0}\u{2028}\n  ; \u{7F}\n[a] # \u{0C}nothing"
        #expect(throws: SharedConfigSyntaxError.self) { try SharedConfigParser.parse(Array(text.utf8)) }
        #expect(try SharedConfigParser.parse(Array(text.dropLast(10).utf8)).map(\.header) == ["a"])
    }

    @Test func `A deeper line continues the setting above, even after blank lines and comments`() throws {
        let text = """
              [a]
                one = 1
            \t\ttwo = 2
                   deeper

            # comment
               \u{20}
                  deepest ; no comment
              three = 3
               b]
             four =
                    # comment
                    five = 5 # kept
            """
        let section = try #require(try SharedConfigParser.parse(Array(text.utf8)).first)
        #expect(section.properties["one"]?.value == .text(plain: "1", whole: "1"))
        let two = "2\ndeeper\n\n\ndeepest ; no comment"
        #expect(section.properties["two"]?.value == .text(plain: two, whole: two))
        #expect(section.properties["three"]?.value == .text(plain: "3\nb]", whole: "3\nb]"))
        #expect(section.properties["four"]?.value == .block([.init(name: "five", value: "5 # kept")]))
    }

    @Test func `A megabyte of any line is read in linear time`() throws {
        for line in ["[a]", "[a]\nb = c", "x=#", "  y", "[p]\nq =\n  r = s", "#", ";;", "a = \u{00E9} "] {
            let count = SharedConfigParser.maxBytes / (line.utf8.count + 1) - 8
            let spent = [count / 8, count].map { count in
                let text = Array(("[first]\n" + String(repeating: line + "\n", count: count)).utf8)
                return ThreadTime.spent { _ = try? SharedConfigParser.parse(text) }
            }
            // Eight times the text: quadratic work would take 64 times as long.
            #expect(spent[1] < spent[0] * 24 + .milliseconds(20), "\(line)")
        }
    }

    @Test func `A file of random pieces never traps`() throws {
        let pieces: [[UInt8]] =
            [
                "[", "]", "profile ", "default", "=", ":", "#", ";", "\n", "\r", " ", "\t", "'", "\"", "\\", "a",
                "role_arn",
                "services", "DEFAULT", "\u{00E9}", "\u{2028}", "\u{1F602}\u{0301}",
            ].map { Array($0.utf8) } + [[0xFF], [0xC3], [0], [0xEF, 0xBB, 0xBF]]
        var random = SeededGenerator(seed: 66)
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0..<40, using: &random)).flatMap { _ in
                pieces.randomElement(using: &random) ?? []
            }
            for kind in [SharedConfigFile.Kind.config, .credentials] {
                _ = try? SharedConfigFile(bytes, path: "f", kind: kind)
            }
        }
    }
}
