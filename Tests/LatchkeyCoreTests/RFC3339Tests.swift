import LatchkeyCore
import Testing

@Suite struct RFC3339Tests {
    @Test func `Timestamps are formatted as RFC 3339, also before 1970`() {
        #expect(RFC3339.format(WallTime(milliseconds: 1_795_524_940_123)) == "2026-11-24T12:55:40Z")
        #expect(
            RFC3339.format(WallTime(milliseconds: 1_795_524_940_007), milliseconds: true) == "2026-11-24T12:55:40.007Z")
        #expect(RFC3339.format(WallTime(milliseconds: -1), milliseconds: true) == "1969-12-31T23:59:59.999Z")
        #expect(RFC3339.formatBasic(WallTime(seconds: 1_440_938_160)) == "20150830T123600Z")
    }

    @Test func `A time in the basic format is read, and nothing else is`() {
        func read(_ text: String) -> WallTime? { Array(text.utf8).withUnsafeBytes { RFC3339.parseBasic($0) } }
        for seconds in [0, 1_440_938_160, 1_795_524_940, 253_402_300_799] as [Int64] {
            let time = WallTime(seconds: seconds)
            #expect(read(RFC3339.formatBasic(time)) == time)
        }
        #expect(read("20240229T000000Z") != nil)
        for wrong in [
            "", "20150830T123600", "20150830T123600ZZ", "2015-830T123600Z", "20150830 123600Z", "20150830T123600z",
            "20150229T123600Z", "20151330T123600Z", "20150030T123600Z", "20150830T240000Z", "20150830T126000Z",
            "20150830T123661Z", "+0150830T123600Z",
        ] {
            #expect(read(wrong) == nil, "\(wrong)")
        }
    }

    @Test func `Times outside the years 1 to 9999 are formatted as the first or last second of these years`() {
        #expect(RFC3339.format(WallTime(milliseconds: .max)) == "9999-12-31T23:59:59Z")
        #expect(RFC3339.format(WallTime(milliseconds: .min)) == "0001-01-01T00:00:00Z")
    }
}
