import LatchkeyTestSupport
import LatchkeyTop
import Testing

@Suite struct MetricsPageTests {
    private func page(_ text: String) -> MetricsPage { MetricsPage(Array(text.utf8)) }

    @Test func `Samples are read with their labels, escapes, blanks and timestamps`() {
        let page = page(
            """
            # HELP a Help with { and "quotes".
            # TYPE a counter
            a 1
            a{b="c"} 2
              a { b = "d" , c="x" , } 3 1700000000000
            a{b="line\\nquote\\"slash\\\\"}	4e2\t
            \r
            a{b="}"} 5\r
            """)
        #expect(page.unreadable == 0 && page.count == 5 && !page.isTruncated)
        #expect(page.sum("a", ["b": "c"]) == 2)
        #expect(page.sum("a", ["b": "d", "c": "x"]) == 3)
        #expect(page.sum("a", ["b": "line\nquote\"slash\\"]) == 400)
        #expect(page.sum("a", ["b": "}"]) == 5)
        #expect(page.sum("a") == 411)
        #expect(page.sum("b") == nil && page.sum("a", ["b": "none"]) == nil)
    }

    @Test(arguments: [
        "a", "a{", "a{b", "a{b=", "a{b=\"", "a{b=\"c", "a{b=\"c\\", "a{b=\"c\" 1", "a{b=c} 1", "a{1b=\"c\"} 1", "1a 1",
        "a one",
        "a 1 two", "a 1 2 3", "a{b=\"c\"}", "{b=\"c\"} 1", "a{b=\"c\",,d=\"e\"} 1", "a{} {} 1", "é 1", "a\u{0}b 1",
    ])
    func `A line that is not in the format is left out and counted`(_ line: String) {
        let page = page("good 1\n\(line)\nbetter 2\n")
        #expect(page.unreadable == 1 && page.count == 2)
        #expect(page.sum("good") == 1 && page.sum("better") == 2)
    }

    @Test func `NaN and infinities are samples, and count for nothing in a sum`() {
        let page = page("a NaN\na +Inf\na -Inf\na 7\nb NaN\n")
        #expect(page.unreadable == 0 && page["a"].count == 4)
        #expect(page.sum("a") == 7 && page.sum("b") == nil)
    }

    @Test func `A page of any bytes is read within its bounds`() {
        let labels = (0..<40).map { "l\($0)=\"v\"" }.joined(separator: ",")
        #expect(page("a{\(labels)} 1\n").unreadable == 1)
        let many = page(String(repeating: "a 1\n", count: MetricsPage.maxSamples + 10))
        #expect(many.isTruncated && many.count == MetricsPage.maxSamples)
        let long = MetricsPage([UInt8](repeating: UInt8(ascii: "a"), count: MetricsPage.maxBytes + 1))
        #expect(long.isTruncated && long.count == 0)
        #expect(MetricsPage([]).count == 0)
        var random = SeededGenerator(seed: 17)
        let pieces = ["a", "{", "}", "b=", "\"", "\\", ",", " ", "\n", "1", "#", "NaN", "é", "\u{1B}"]
        for _ in 0..<500 {
            let text = (0..<60).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
            let page = page(text)
            #expect(page.count + page.unreadable <= text.utf8.count)
        }
    }
}
