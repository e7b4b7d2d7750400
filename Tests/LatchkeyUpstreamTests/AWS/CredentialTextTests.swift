import LatchkeyCore
import LatchkeyCrypto
import LatchkeyHTTP
import LatchkeyTestSupport
import LatchkeyUpstream
import Testing

/// The texts that credentials are read from: command lines, XML, timestamps, and the output of a program.
@Suite struct CredentialTextTests {
    /// The rows have the result of Python's `shlex.split` for each line; null if it refuses the line.
    @Test func `A command line is split into the same words as by botocore`() throws {
        let rows = try #require(try Fixture.json("aws/command_words.json").array)
        #expect(rows.count == 29)
        for row in rows {
            let line = row["line"]?.string ?? ""
            let words = try? ShellWords.split(line)
            #expect(words == row["words"]?.array?.compactMap(\.string), "\(line)")
        }
    }

    @Test func `XML is read by the paths of its elements, with references and CDATA decoded`() throws {
        let text = """
            <?xml version="1.0"?><!-- a > b --><a:R xmlns:a="u>v"><B x='/'>1&lt;&#50;&#x33;&amp;<![CDATA[<&>]]></B>
            <B>second</B><E/><D><F> g </F></D></a:R>

            """
        let leaves = try XMLLeaves(Array(text.utf8))
        #expect(leaves["R/B"] == "1<23&<&>" && leaves["R/E"] == "" && leaves["R/D/F"] == " g ")
        #expect(leaves["R/X"] == nil)
    }

    @Test(arguments: [
        "", "text", "<a>", "<a></b>", "<a></a", "<a><b></a></b>", "</a>", "<a>&unknown;</a>", "<a>&amp</a>", "<></>",
        "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "<a></a>text", "<a b='></a>", "<a><!-- </a>",
        String(repeating: "<a>", count: 33) + String(repeating: "</a>", count: 33),
    ])
    func `XML that is not well-formed, too deep, or declares entities is refused`(text: String) {
        #expect(throws: XMLLeaves.SyntaxError.self) { try XMLLeaves(Array(text.utf8)) }
    }

    @Test func `XML that is cut off anywhere is refused`() throws {
        let whole = Array("<a><b x=\"1\">t&amp;</b><c/></a>".utf8)
        #expect(throws: Never.self) { try XMLLeaves(whole) }
        for length in 0..<whole.count {
            #expect(throws: XMLLeaves.SyntaxError.self) { try XMLLeaves(Array(whole[..<length])) }
        }
    }

    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2023-11-14T22:13:20Z", 1_700_000_000_000),
            ("2023-11-14T22:13:20UTC", 1_700_000_000_000), ("2023-11-14t22:13:20z", 1_700_000_000_000),
            ("2023-11-14T23:13:20+01:00", 1_700_000_000_000), ("2023-11-14T16:43:20-05:30", 1_700_000_000_000),
            ("2023-11-14T22:13:20.5Z", 1_700_000_000_500), ("2023-11-14T22:13:20.123456789Z", 1_700_000_000_123),
            ("2024-02-29T00:00:00Z", 1_709_164_800_000),
        ] as [(String, Int64)])
    func `A timestamp of RFC 3339 is read in any zone`(text: String, milliseconds: Int64) {
        #expect(RFC3339.parse(text) == WallTime(milliseconds: milliseconds))
    }

    @Test(arguments: [
        "", "2023-11-14", "2023-11-14T22:13:20", "2023-02-29T00:00:00Z", "2023-13-01T00:00:00Z", "2023-00-01T00:00:00Z",
        "2023-11-14T24:00:00Z", "2023-11-14T22:60:00Z", "2023-11-14 22:13:20Z", "2023-11-14T22:13:20.Z",
        "2023-11-14T22:13:20+0100", "2023-11-14T22:13:20Zx", "20231114T221320Z", "2023-11-31T00:00:00Z",
    ])
    func `A text that is not a timestamp of RFC 3339 is refused`(text: String) { #expect(RFC3339.parse(text) == nil) }

    @Test func `The SHA-1 in the name of an SSO token's file is that of FIPS 180-4`() {
        #expect(SHA1.hash("abc") == "a9993e364706816aba3e25717850c26c9cd0d89d")
    }

    // MARK: Programs

    private func run(_ words: String...) async -> Result<[UInt8], ChildProcess.RunError> {
        await ChildProcess.run(ChildProcess(words: words, environment: ["PATH": "/usr/bin:/bin", "A": "b c"]))
    }

    @Test func `A program runs without a shell, with the given environment and an empty input`() async {
        #expect(await run("printf", "%s", "$HOME `id` *") == .success(Array("$HOME `id` *".utf8)))
        #expect(await run("printenv", "A") == .success(Array("b c\n".utf8)))
        #expect(await run("cat") == .success([]))
    }

    @Test func `The error says how a program ended`() async {
        #expect(await run("false") == .failure(.exited(status: 1)))
        #expect(await run("sh", "-c", "kill -9 $$") == .failure(.killed(signal: 9)))
        #expect(await run("yes") == .failure(.outputTooLong))
        #expect(await run("/nonexistent/program") == .failure(.notStarted(errno: 2)))
    }

    @Test(
        .timeLimit(.minutes(20)),
        arguments: [
            "exec sleep 600", "sleep 600 & exit 0", "exec >&-; exec sleep 600",
            "trap '' TERM INT HUP; sleep 600; sleep 600",
        ])
    func `A program that does not end, or whose child keeps its output open, is killed at the timeout`(
        script: String
    ) async {
        let child = ChildProcess(
            words: ["sh", "-c", script], environment: ["PATH": "/usr/bin:/bin"], timeout: .milliseconds(300))
        #expect(await ChildProcess.run(child) == .failure(.timedOut))
    }
}
