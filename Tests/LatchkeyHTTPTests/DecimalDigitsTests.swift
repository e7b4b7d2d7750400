import LatchkeyHTTP
import Testing

@Suite struct DecimalDigitsTests {
    @Test(arguments: [0, 1, 9, 10, 1_234_567_890, -1, -10, .max, .min] as [Int64])
    func `A number is appended in decimal`(number: Int64) {
        var output = Array("x".utf8)
        DecimalDigits.append(number, to: &output)
        #expect(String(decoding: output, as: UTF8.self) == "x\(number)")
    }
}
