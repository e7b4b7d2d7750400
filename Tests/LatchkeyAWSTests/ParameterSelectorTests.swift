import LatchkeyAWS
import Testing

@Suite struct ParameterSelectorTests {
    @Test(arguments: [("1", 1), ("007", 7), ("9223372036854775807", Int64.max)])
    func `A version is a whole number from 1 on`(text: String, number: Int64) {
        #expect(ParameterSelector(version: text) == .version(number))
        #expect(ParameterSelector(text) == .version(number))
        #expect(ParameterSelector(label: text) == nil)
    }

    @Test(arguments: [
        "", "0", "-1", "+1", "1.0", " 1", "1 ", "1e3", "9223372036854775808", "99999999999999999999", "\u{661}", "1:2",
    ])
    func `What is no such number is no version`(text: String) {
        #expect(ParameterSelector(version: text) == nil)
    }

    @Test(arguments: ["blue", "_1", ".", "-", "a5", "Aw", "s-aws", String(repeating: "a", count: 100)])
    func `A label has letters, digits, and three signs`(text: String) {
        #expect(ParameterSelector(label: text) == .label(text))
        #expect(ParameterSelector(text)?.description == text)
    }

    @Test(arguments: [
        "", "5", "5a", "aws", "AWSCURRENT", "ssm-x", "SSM", "a b", "a:b", "a/b", "a\n", "bl\u{FC}e", "a\u{300}",
        String(repeating: "a", count: 101),
    ])
    func `What a parameter's version cannot be called is no label`(text: String) {
        #expect(ParameterSelector(label: text) == nil)
    }
}
