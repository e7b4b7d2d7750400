import LatchkeyCore
import LatchkeyTestSupport
import Testing

/// The texts of nst/JSONTestSuite, which are in `Fixtures/json-test-suite`.
@Suite("The JSON test suite") struct JSONSuiteTests {
    /// How a text that RFC 8259 leaves open is treated. The decision record on the JSON reader gives the reasons.
    enum Choice: Hashable {
        /// Read. The number keeps its text, and has a double unless it is out of a double's range.
        case number(double: Double?)
        /// Read. The string has no UTF-8 form and is nil when it is requested.
        case unpaired
        /// Read. The byte order mark is skipped.
        case mark
        case refused(JSONError.Reason)
    }

    static let choices: [String: Choice] = [
        "i_number_double_huge_neg_exp": .number(double: 0), "i_number_huge_exp": .number(double: nil),
        "i_number_neg_int_huge_exp": .number(double: nil), "i_number_pos_double_huge_exp": .number(double: nil),
        "i_number_real_neg_overflow": .number(double: nil), "i_number_real_pos_overflow": .number(double: nil),
        "i_number_real_underflow": .number(double: 0),
        "i_number_too_big_neg_int": .number(double: -1.2312312312312312e29),
        "i_number_too_big_pos_int": .number(double: 1e20),
        "i_number_very_big_negative_int": .number(double: -2.3746237467327689e47),
        "i_object_key_lone_2nd_surrogate": .unpaired, "i_string_1st_surrogate_but_2nd_missing": .unpaired,
        "i_string_1st_valid_surrogate_2nd_invalid": .unpaired,
        "i_string_incomplete_surrogate_and_escape_valid": .unpaired, "i_string_incomplete_surrogate_pair": .unpaired,
        "i_string_incomplete_surrogates_escape_valid": .unpaired, "i_string_invalid_lonely_surrogate": .unpaired,
        "i_string_invalid_surrogate": .unpaired, "i_string_inverted_surrogates_U+1D11E": .unpaired,
        "i_string_lone_second_surrogate": .unpaired, "i_string_UTF-16LE_with_BOM": .refused(.unexpectedByte),
        "i_string_utf16BE_no_BOM": .refused(.unexpectedByte), "i_string_utf16LE_no_BOM": .refused(.unexpectedByte),
        "i_string_UTF-8_invalid_sequence": .refused(.invalidUTF8),
        "i_string_UTF8_surrogate_U+D800": .refused(.invalidUTF8),
        "i_string_invalid_utf-8": .refused(.invalidUTF8), "i_string_iso_latin_1": .refused(.invalidUTF8),
        "i_string_lone_utf8_continuation_byte": .refused(.invalidUTF8),
        "i_string_not_in_unicode_range": .refused(.invalidUTF8),
        "i_string_overlong_sequence_2_bytes": .refused(.invalidUTF8),
        "i_string_overlong_sequence_6_bytes": .refused(.invalidUTF8),
        "i_string_overlong_sequence_6_bytes_null": .refused(.invalidUTF8),
        "i_string_truncated-utf-8": .refused(.invalidUTF8), "i_structure_500_nested_arrays": .refused(.tooDeep),
        "i_structure_UTF-8_BOM_empty_object": .mark,
    ]

    private static let folder = "json-test-suite/test_parsing"

    @Test func `Every y_ text is read, every n_ text is rejected, and every i_ text is treated as chosen`() throws {
        var counts: [Character: Int] = [:]
        for file in try Fixture.names(in: Self.folder) {
            let bytes = try Fixture.bytes("\(Self.folder)/\(file)")
            let outcome = Result { () throws(JSONError) in try JSONDocument(bytes, limits: .document) }
            counts[file.first ?? " ", default: 0] += 1
            switch file.first {
            case "y": #expect(throws: Never.self, "\(file)") { try outcome.get() }
            case "n": #expect(throws: JSONError.self, "\(file)") { try outcome.get() }
            default:
                let name = String(file.dropLast(".json".count))
                guard let choice = Self.choices[name] else {
                    Issue.record("there is no choice for \(name)")
                    continue
                }
                check(outcome, choice, name)
            }
        }
        #expect(counts == ["y": 95, "n": 188, "i": 35])
        #expect(Self.choices.count == 35)
    }

    private func check(_ outcome: Result<JSONDocument, JSONError>, _ choice: Choice, _ name: String) {
        switch (choice, outcome) {
        case (.refused(let reason), .failure(let error)): #expect(error.reason == reason, "\(name)")
        case (.mark, .success(let document)): #expect(document.root.kind == .object, "\(name)")
        case (.number(let double), .success(let document)):
            let number = document.root.element(0)?.number
            #expect(number?.double == double, "\(name)")
            #expect(number.map { "[\($0.text)]" } == String(decoding: document.root.source, as: UTF8.self), "\(name)")
        case (.unpaired, .success(let document)):
            let odd = document.root.element(0) ?? document.root.members?.first { _ in true }?.name
            #expect(odd?.kind == .string && odd?.string == nil && odd?.unpairedSurrogate != nil, "\(name)")
        case (_, let outcome): Issue.record("\(name): \(outcome) is not the choice")
        }
    }
}
