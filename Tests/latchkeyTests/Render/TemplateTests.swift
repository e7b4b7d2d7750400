import LatchkeyCore
import LatchkeyCrypto
import Testing

@testable import latchkey

@Suite struct TemplateTests {
    private static let values: [TemplateSource: Secret] = [
        .secret("db"): Secret("{\"user\":\"o\\\"x\",\"n\":1.50,\"deep\":{\"a.b\":true}}"),
        .secret("a/b c"): Secret("väl"),
        .secret("q\"\\"): Secret("quoted"), .secret("bytes"): Secret([0xFF, 0x00]), .token("default"): Secret("tok"),
        .token("other"): Secret("second"), .secret("empty"): Secret(""),
    ]

    private static func render(_ text: String) throws -> [UInt8] { try Template(Array(text.utf8)).rendered(values) }

    @Test(arguments: [
        ("", ""), ("plain } }} { text\n", "plain } }} { text\n"), ("{{ token }}", "tok"), ("{{token}}", "tok"),
        ("{{\ttoken\t\"other\"\t}}", "second"), ("a{{ secret \"a/b c\" }}b", "avälb"),
        ("{{ secret \"q\\\"\\\\\" }}", "quoted"), ("{{ secret \"empty\" }}.", "."),
        ("{{ secret \"db\" \"user\" }}", "o\"x"), ("{{ secret \"db\" \"user\" | json }}", "\"o\\\"x\""),
        ("{{ secret \"db\" \"n\" }}", "1.50"), ("{{ secret \"db\" \"deep.a.b\" }}", "true"),
        ("{{ secret \"db\" \"/deep/a.b\" }}", "true"), ("{{ secret \"bytes\" | base64 }}", "/wA="),
        ("{{secret\"a/b c\"|base64}}", "dsOkbA=="),
        ("{{ token | json }}{{ token \"other\" | base64 }}", "\"tok\"c2Vjb25k"),
        ("{{{ token }}}", "{tok}"),
    ])
    func `A template becomes its text with the values`(text: String, expected: String) throws {
        // `{{{` begins a placeholder at the first two braces, in which a brace is not allowed.
        guard !text.hasPrefix("{{{") else {
            #expect(throws: TemplateError.self) { try Self.render(text) }
            return
        }
        #expect(try Self.render(text) == Array(expected.utf8))
    }

    @Test func `Bytes that are not text stay as they are`() throws {
        #expect(try Template([0xFF, 0x7B, 0x00]).rendered([:]) == [0xFF, 0x7B, 0x00])
        #expect(try Self.render("{{ secret \"bytes\" }}") == [0xFF, 0x00])
    }

    @Test(arguments: [
        ("{{", "1:3: a placeholder is {{ secret"),
        ("{{ }}", "1:4: a placeholder is {{ secret \"KEY\" }}, {{ secret \"KEY\" \"FIELD\" }} or {{ token }}"),
        ("\n{{ secret }}", "2:11: secret needs a name: {{ secret \"KEY\" }}"),
        ("ä{{ secret \"\" }}", "1:5: the name of a secret is empty"),
        ("{{ secret \"a\" \"\" }}", "1:4: the name of a field is empty"),
        ("{{ token \"\" }}", "1:4: the name of a profile is empty"),
        ("{{ secret \"a\" \"b\" \"c\" }}", "1:19: }} is expected here"),
        ("{{ token \"a\" \"b\" }}", "1:14: }} is expected here"),
        ("{{ token | upper }}", "1:12: unknown filter upper: json or base64"),
        ("{{ token | }}", "1:12: a filter is missing: json or base64"),
        ("{{ token | json | base64 }}", "1:17: }} is expected here"),
        ("{{ token\n}}", "1:9: the placeholder is not closed: }} is missing"),
        ("{{ secret \"a\n\" }}", "1:11: the string is not closed: \" is missing"),
        ("{{ secret \"a\\n\" }}", "1:13: a backslash stands only before \" and \\"),
        ("{{ token }", "1:10: }} is expected here"),
    ])
    func `An error says what is wrong and where`(text: String, message: String) {
        do throws(TemplateError) {
            _ = try Template(Array(text.utf8))
            Issue.record("no error")
        } catch {
            #expect("\(error)".hasPrefix(message), "\(error)")
        }
    }

    @Test(arguments: [
        ("{{ secret \"absent\" }}", "secret absent has no value"),
        ("{{ secret \"db\" \"x\" }}", "secret db has no field x"),
        ("{{ secret \"empty\" \"x\" }}", "secret empty has no fields, because it is not JSON"),
        ("{{ secret \"bytes\" | json }}", "secret bytes is not UTF-8 text: use | base64"),
    ])
    func `A value that does not fit is an error of its placeholder`(text: String, message: String) throws {
        let template = try Template(Array("\n  \(text)".utf8))
        #expect(throws: TemplateError(message, at: TextPlace(line: 2, column: 3))) {
            try template.rendered(Self.values)
        }
    }

    @Test func `Each source is asked for once`() throws {
        let template = try Template(
            Array("{{ token }}{{ secret \"b\" }}{{ secret \"b\" \"x\" }}{{ token \"default\" }}".utf8))
        #expect(template.sources == [.token("default"), .secret("b")])
        #expect(template.place(of: .secret("b")) == TextPlace(line: 1, column: 12))
    }

    @Test func `Every limit is enforced and none before it`() throws {
        var limits = RenderLimits()
        limits.templateBytes = 40
        limits.placeholders = 3
        limits.sources = 2
        limits.nameBytes = 3
        limits.renderedBytes = 8
        for (text, isGood) in [
            (String(repeating: "x", count: 40), true), (String(repeating: "x", count: 41), false),
            (String(repeating: "{{token}}", count: 3), true), (String(repeating: "{{token}}", count: 4), false),
            ("{{token}}{{token\"a\"}}{{token}}", true), ("{{token}}{{token\"a\"}}{{token\"b\"}}", false),
            ("{{token\"abc\"}}", true), ("{{token\"abcd\"}}", false),
        ] {
            let isAccepted = (try? Template(Array(text.utf8), limits: limits)) != nil
            #expect(isAccepted == isGood, "\(text)")
        }
        let template = try Template(Array("12345{{token}}".utf8), limits: limits)
        #expect(try template.rendered([.token("default"): Secret("abc")]).count == 8)
        #expect(throws: TemplateError.self) { try template.rendered([.token("default"): Secret("abcd")]) }
    }
}
