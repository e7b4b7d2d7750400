import LatchkeyCore
import Testing

@Suite struct JSONNumberTests {
    @Test(arguments: [
        "0", "-0", "3.10", "5.0", "2e6", "1E-7", "-0.0", "98765432109876543210", "1e400", "-1E+9999",
        "2.71828182845904523536028747135266249", "1e00", "0.10e-05",
    ])
    func `A number keeps its text`(text: String) throws {
        #expect(try JSONDocument(text.utf8, limits: .document).root.number?.text == text)
        #expect(try JSON(parsing: text.utf8).text == text)
    }

    @Test(
        arguments: [
            ("0", 0), ("-0", 0), ("-0.0e5", 0), ("3.0", 3), ("1.7E9", 1_700_000_000), ("9223372036854775807", .max),
            ("-9223372036854775808", .min), ("9223372036854775808", nil), ("-9223372036854775809", nil),
            ("9223372036854775807.0", .max), ("92233720368547758070e-1", .max), ("0.9223372036854775807e19", .max),
            ("-9.223372036854775808E+18", .min), ("9.3e18", nil), ("1e19", nil), ("1e99999999999999999999999", nil),
            ("0e99999999999999999999999", 0), ("1e-99999999999999999999999", nil), ("0.5", nil), ("1.50", nil),
            ("9007199254740993", 9_007_199_254_740_993), ("9007199254740993.0", 9_007_199_254_740_993),
            ("100e-2", 1), ("100e-3", nil), ("true", nil), (#""3""#, nil),
        ] as [(String, Int64?)])
    func `An integer is exact or nil`(text: String, integer: Int64?) throws {
        #expect(try JSONDocument(text.utf8, limits: .document).root.integer == integer)
        #expect(try JSON(parsing: text.utf8).integer == integer)
    }

    @Test(
        arguments: [
            ("0.1", 0.1), ("1.700000000123E9", 1_700_000_000.123), ("1e400", nil), ("-1e400", nil), ("1e-400", 0),
            ("123456789012345678901234567890", 1.2345678901234568e29),
        ] as [(String, Double?)])
    func `A double is the nearest one or nil`(text: String, double: Double?) throws {
        #expect(try JSONDocument(text.utf8, limits: .document).root.double == double)
    }

    @Test func `A number of sixty thousand digits is read but is neither integer nor double`() throws {
        let text = String(repeating: "7", count: 60_000)
        let value = try JSONDocument(text.utf8, limits: .document).root
        #expect(value.number?.text == text)
        #expect(value.integer == nil)
        #expect(value.double == nil)
    }
}
