import LatchkeyCore
import LatchkeyTestSupport
import LatchkeyUpstream
import Testing

@Suite struct ExpirationTimeTests {
    @Test(arguments: ["cases/process-expirations.json", "cases/process-expirations-more.json"])
    func `An expiration is read in every form with a zone`(table: String) throws {
        let cases = try Fixture.json(table)["cases"]?.array ?? []
        #expect(cases.count >= 10)
        for row in cases {
            let text = row["text"]?.string ?? "2031-02-28T23:59:58" + (row["suffix"]?.string ?? "?")
            let time = try? ExpirationTime.parse(text)
            #expect((time != nil) == (row["accepted"] == .bool(true)), "\(text)")
            if let utc = row["utc"]?.string { #expect(time == (try? ExpirationTime.parse(utc)), "\(text)") }
            if let milliseconds = row["milliseconds"]?.integer {
                #expect(time?.milliseconds == milliseconds, "\(text)")
            }
        }
    }

    @Test func `The error for a time without a zone names the zone`() throws {
        let error = #expect(throws: ExpirationTime.SyntaxError.self) { try ExpirationTime.parse("2031-02-28T23:59:58") }
        #expect(error?.reason.contains("time zone") ?? false)
    }

    @Test func `No text traps`() throws {
        let pieces = ["2031", "-", "02", "W", "9", ":", "T", " ", ".", ",", "+", "Z", "00", "\u{00E9}", "366", "UTC"]
        var random = SeededGenerator(seed: 8601)
        for _ in 0..<50_000 {
            let text = (0..<Int.random(in: 0..<16, using: &random)).map { _ in
                pieces.randomElement(using: &random) ?? ""
            }
            _ = try? ExpirationTime.parse(text.joined())
        }
    }
}
