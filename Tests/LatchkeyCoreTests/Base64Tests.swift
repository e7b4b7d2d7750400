import LatchkeyCore
import Testing

@Suite struct Base64Tests {
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy"),
    ])
    func `The examples of RFC 4648 hold`(text: String, encoded: String) {
        #expect(Base64.encode(text.utf8) == encoded)
        #expect(Base64.decode(encoded) == Array(text.utf8))
        let bare = String(encoded.prefix { $0 != "=" })
        #expect(Base64.encodeURL(text.utf8) == bare)
        #expect(Base64.decodeURL(bare) == Array(text.utf8))
    }

    @Test func `The alphabets differ in two characters`() {
        #expect(Base64.encode([0xFB, 0xFF]) == "+/8=")
        #expect(Base64.encodeURL([0xFB, 0xFF]) == "-_8")
        #expect(Base64.decode("-_8=") == nil)
        #expect(Base64.decodeURL("+/8") == nil)
    }

    @Test(arguments: ["Zg", "Zg=", "Zg===", "Z===", "=", "Zh==", "Zm9=", "Zm 9v", "Zm9v\n", "Z=g=", "====", "Zm9v="])
    func `Text that is not canonical is rejected`(text: String) { #expect(Base64.decode(text) == nil) }

    @Test func `Every length and byte decodes to what was encoded`() {
        for length in 0..<70 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 * 37 + length) }
            #expect(Base64.decode(Base64.encode(bytes)) == bytes)
            #expect(Base64.decodeURL(Base64.encodeURL(bytes)) == bytes)
        }
    }
}
