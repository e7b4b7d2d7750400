import LatchkeyAWS
import Testing

@Suite struct ParameterSelectorTests {
    @Test(arguments: [("1", 1), ("007", 7), ("9223372036854775807", Int64.max)])
    func `A version is a whole number of 1 or more`(text: String, number: Int64) {
        #expect(ParameterSelector(version: text) == .version(number))
        #expect(ParameterSelector(text) == .version(number))
        #expect(ParameterSelector(label: text) == nil)
    }

    @Test(arguments: [
        "", "0", "-1", "+1", "1.0", " 1", "1 ", "1e3", "9223372036854775808", "99999999999999999999", "\u{661}", "1:2",
    ])
    func `Any other text is not a version`(text: String) {
        #expect(ParameterSelector(version: text) == nil)
    }

    @Test(arguments: ["blue", "_1", ".", "-", "a5", "Aw", "s-aws", String(repeating: "a", count: 100)])
    func `A label has letters, digits, dots, hyphens and underscores`(text: String) {
        #expect(ParameterSelector(label: text) == .label(text))
        #expect(ParameterSelector(text)?.description == text)
    }

    @Test(arguments: [
        "", "5", "5a", "aws", "AWSCURRENT", "ssm-x", "SSM", "a b", "a:b", "a/b", "a\n", "bl\u{FC}e", "a\u{300}",
        String(repeating: "a", count: 101),
    ])
    func `A text that Parameter Store does not allow is not a label`(text: String) {
        #expect(ParameterSelector(label: text) == nil)
    }
}
