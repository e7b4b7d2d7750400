import LatchkeyCrypto
import LatchkeyTestSupport
import Testing

@Suite struct SealedTextTests {
    private let key = Secret(Array(repeating: 7, count: 32))
    private let context = Array("here".utf8)
    private let content = Secret("the secret of the tests")

    private func sealed() throws -> [UInt8] { try #require(SealedText.seal(content, key: key, context: context)) }

    @Test func `What is sealed opens with the same key and context, and no two are equal`() throws {
        let (first, second) = (try sealed(), try sealed())
        #expect(SealedText.open(first, key: key, context: context) == content)
        #expect(SealedText.open(second, key: key, context: context) == content)
        #expect(first != second && first.count == second.count)
        #expect(!String(decoding: first, as: UTF8.self).contains("secret of"))
        let empty = try #require(SealedText.seal(Secret(""), key: key, context: []))
        #expect(SealedText.open(empty, key: key, context: []) == Secret(""))
    }

    @Test func `With one bit changed, cut off or extended it does not open`() throws {
        let sealed = try sealed()
        for index in sealed.indices {
            var changed = sealed
            changed[index] ^= 1
            #expect(SealedText.open(changed, key: key, context: context) == nil, "byte \(index)")
            #expect(SealedText.open(Array(sealed[..<index]), key: key, context: context) == nil)
        }
        #expect(SealedText.open(sealed + [0], key: key, context: context) == nil)
    }

    @Test func `With another key or context it does not open`() throws {
        let sealed = try sealed()
        #expect(SealedText.open(sealed, key: Secret(Array(repeating: 8, count: 32)), context: context) == nil)
        #expect(SealedText.open(sealed, key: Secret(Array(repeating: 7, count: 31)), context: context) == nil)
        #expect(SealedText.open(sealed, key: key, context: Array("there".utf8)) == nil)
        #expect(SealedText.open(sealed, key: key, context: []) == nil)
        #expect(SealedText.seal(content, key: Secret("short"), context: context) == nil)
    }
}
