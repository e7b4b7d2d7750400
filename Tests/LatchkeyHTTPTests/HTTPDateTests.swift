import LatchkeyCore
import LatchkeyHTTP
import Testing

@Suite struct HTTPDateTests {
    @Test(
        arguments: [
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
            (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"), (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
        ] as [(Int64, String)])
    func `A date is formatted as IMF-fixdate and parsed back`(seconds: Int64, text: String) {
        #expect(HTTPDate.format(WallTime(seconds: seconds)) == text)
        #expect(HTTPDate.parse(text) == WallTime(seconds: seconds))
    }

    @Test(arguments: [
        "", "Sun, 06 Nov 1994 08:49:37", "Sun, 6 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994", "Mon, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, +6 Nov 1994 08:49:37 GMT", "Wed, 31 Feb 2024 00:00:00 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun,  06 Nov 1994 8:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT ", "Mon, 01 Jan 0001 00:00:00 GMT",
    ])
    func `Text that is not an IMF-fixdate is not parsed`(text: String) {
        #expect(HTTPDate.parse(text) == nil)
    }

    @Test func `A leap second counts as the second before it`() {
        #expect(HTTPDate.parse("Sat, 31 Dec 2016 23:59:60 GMT") == WallTime(seconds: 1_483_228_799))
    }

    @Test func `Every day of four centuries is formatted and parsed back`() {
        for day in stride(from: 0 as Int64, to: 146_097, by: 1) {
            let time = WallTime(seconds: day * 86_400 + day % 86_400)
            guard HTTPDate.parse(HTTPDate.format(time)) == time else {
                Issue.record("day \(day)")
                return
            }
        }
    }

    @Test func `Timestamps are formatted as RFC 3339, also before 1970`() {
        #expect(RFC3339.format(WallTime(milliseconds: 1_795_524_940_123)) == "2026-11-24T12:55:40Z")
        #expect(
            RFC3339.format(WallTime(milliseconds: 1_795_524_940_007), milliseconds: true) == "2026-11-24T12:55:40.007Z")
        #expect(RFC3339.format(WallTime(milliseconds: -1), milliseconds: true) == "1969-12-31T23:59:59.999Z")
        #expect(RFC3339.formatBasic(WallTime(seconds: 1_440_938_160)) == "20150830T123600Z")
    }

    @Test func `Times outside the years 1 to 9999 are formatted as the first or last second of these years`() {
        #expect(RFC3339.format(WallTime(milliseconds: .max)) == "9999-12-31T23:59:59Z")
        #expect(RFC3339.format(WallTime(milliseconds: .min)) == "0001-01-01T00:00:00Z")
    }
}
