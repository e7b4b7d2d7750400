import LatchkeyCore
import Testing

@Suite struct ASCIITests {
    @Test func `Each class has its bytes and no others`() {
        for byte in UInt8.min ... .max {
            let character = Character(UnicodeScalar(byte))
            let isASCII = byte < 0x80
            #expect(ASCII.isDigit(byte) == "0123456789".contains(character))
            #expect(ASCII.isLetter(byte) == (isASCII && character.isLetter))
            #expect(ASCII.isLetterOrDigit(byte) == (ASCII.isLetter(byte) || ASCII.isDigit(byte)))
            #expect(ASCII.isVisible(byte) == (0x21...0x7E).contains(byte))
            #expect(ASCII.isWhiteSpace(byte) == (isASCII && character.isWhitespace))
            let isUpper = isASCII && character.isUppercase
            #expect(ASCII.lowercased(byte) == (isUpper ? character.lowercased().utf8.first : byte))
        }
    }
}
