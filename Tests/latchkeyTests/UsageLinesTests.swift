import Testing

@testable import latchkey

@Suite struct UsageLinesTests {
    @Test func `A long usage is broken between two arguments, and nothing else is`() {
        let long = String(repeating: "x", count: 100)
        let usage =
            "USAGE: latchkey serve [--config <config>] [--listen <listen>] [--prefix <prefix>] [--name <name> ...]"
        #expect(
            UsageLines.broken("OVERVIEW: \(long)\n\n\(usage)\n\nOPTIONS:\n") == """
                OVERVIEW: \(long)

                USAGE: latchkey serve [--config <config>] [--listen <listen>]
                         [--prefix <prefix>] [--name <name> ...]

                OPTIONS:

                """)
    }

    @Test func `The usage of an error is broken too`() {
        let broken = UsageLines.broken("Error: no\nUsage: latchkey \(String(repeating: "[--a <a>] ", count: 20))")
        #expect(broken.split(separator: "\n").count == 4)
        #expect(broken.split(separator: "\n").allSatisfy { $0.count <= 80 && !$0.hasSuffix(" ") })
    }

    @Test func `A short usage stays as it is`() {
        let text = "USAGE: latchkey get <name>\n  --help\n"
        #expect(UsageLines.broken(text) == text)
    }

    @Test func `A word that is wider than a line has a line of its own`() {
        let wide = "<\(String(repeating: "w", count: 90))>"
        #expect(UsageLines.broken("USAGE: latchkey \(wide) <b>") == "USAGE: latchkey\n         \(wide)\n         <b>")
    }
}
