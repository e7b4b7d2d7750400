import LatchkeyCore
import LatchkeyTestSupport
import Testing

@testable import LatchkeyCrypto

@Suite struct JSONWebKeySetTests {
    /// The example of RFC 8037 appendix A.2.
    private static let ed25519 = #"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#
    /// The EC key of RFC 7517 appendix A.1, for signatures.
    private static let p256 = """
        {"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","kid":"1"}
        """

    private func set(_ keys: String...) throws -> JSONWebKeySet {
        try JSONWebKeySet(Array(#"{"keys":[\#(keys.joined(separator: ","))]}"#.utf8))
    }

    private func rsa(bits: Int, exponent: [UInt8] = [1, 0, 1]) -> String {
        var modulus = [UInt8](repeating: 0xFF, count: (bits + 7) / 8)
        if bits % 8 != 0 { modulus[0] = UInt8(1 << (bits % 8)) - 1 }
        return #"{"kty":"RSA","n":"\#(Base64.encodeURL(modulus))","e":"\#(Base64.encodeURL(exponent))"}"#
    }

    private func rejection(_ key: String) throws -> JSONWebKey.Rejection? {
        let root = try JSONDocument(Array(key.utf8), limits: .document).root
        do throws(JSONWebKey.Rejection) {
            _ = try JSONWebKey(root)
            return nil
        } catch {
            return error
        }
    }

    @Test func `The keys of the standards are read`() throws {
        let found = try set(Self.ed25519, Self.p256, rsa(bits: 2048), rsa(bits: 8192))
        #expect(found.keys.map(\.algorithm) == [.edDSA, .es256, .rs256, .rs256])
        #expect(found.keys.map(\.keyID) == [nil, "1", nil, nil] && found.skipped == 0)
    }

    // RFC 8037 appendix A.4.
    @Test func `The signature of the standard verifies, and no other`() throws {
        let key = try #require(PublicKey(try set(Self.ed25519).keys[0]))
        let message = Array("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc".utf8)
        let text = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        let signature = try #require(Base64.decodeURL(text))
        #expect(key.verifies(signature, of: message))
        #expect(!key.verifies(signature, of: message + [0]))
        #expect(!key.verifies(Array(signature.dropLast()), of: message) && !key.verifies([], of: message))
    }

    @Test(arguments: [
        #""use":"enc""#, #""key_ops":["encrypt"]"#, #""alg":"ES512""#, #""alg":"ECDH-ES""#, #""alg":7"#,
    ])
    func `A key for something else is skipped`(member: String) throws {
        let key = Self.p256.replacing(#""kid":"1""#, with: member)
        let found = try set(key, Self.ed25519)
        #expect(found.keys.map(\.algorithm) == [.edDSA] && found.skipped == 1)
    }

    @Test(arguments: [
        #""use":"sig""#, #""use":"jwt-svid""#, #""key_ops":["sign","verify"]"#, #""alg":"ES256""#, #""x5c":["MII"]"#,
        #""later":{"a":[1]}"#,
    ])
    func `A key for signatures is used, whatever else it says`(member: String) throws {
        #expect(try set(Self.p256.replacing(#""kid":"1""#, with: member)).keys.count == 1)
    }

    @Test func `A weak key is not used`() throws {
        #expect(try rejection(rsa(bits: 2047)) == .weak && rejection(rsa(bits: 8193)) == .weak)
        for exponent in [[1], [4], [0, 1], [1, 0, 0, 0, 1]] as [[UInt8]] {
            #expect(try rejection(rsa(bits: 2048, exponent: exponent)) == .weak)
        }
        #expect(try rejection(rsa(bits: 2048, exponent: [0, 3])) == nil)
        #expect(try rejection(rsa(bits: 2048, exponent: [])) == .malformed)
    }

    @Test func `A key that libcrypto does not accept, or with missing parts, is malformed`() throws {
        let offCurve = Self.p256.replacing("MKBC", with: "MKBD")
        let padded = Self.ed25519.replacing("URo\"", with: "URo=\"")
        let short = Self.ed25519.replacing("11qY", with: "")
        let unnamed = Self.p256.replacing(#""kty":"EC","#, with: "")
        let odd = Self.p256.replacing(#""kid":"1""#, with: #""kid":1"#)
        let long = Self.p256.replacing(#""kid":"1""#, with: #""kid":"\#(String(repeating: "k", count: 257))""#)
        for key in [offCurve, padded, short, unnamed, odd, long, "[]", "7", "{}"] {
            #expect(try rejection(key) == .malformed, "\(key)")
        }
        #expect(try rejection(#"{"kty":"oct","k":"AAAA"}"#) == .otherUse)
        #expect(try rejection(Self.ed25519.replacing("Ed25519", with: "X25519")) == .otherUse)
    }

    @Test func `Of two keys with one kid and algorithm the first is used`() throws {
        let other = Self.ed25519.replacing("}", with: #","kid":"1"}"#)
        let found = try set(Self.p256, Self.p256, other)
        #expect(found.keys.map(\.algorithm) == [.es256, .edDSA] && found.skipped == 1)
    }

    @Test func `A text that is no usable set is refused with the reason`() throws {
        func rejection(_ text: String) -> JSONWebKeySet.Rejection? {
            do throws(JSONWebKeySet.Rejection) {
                _ = try JSONWebKeySet(Array(text.utf8))
                return nil
            } catch {
                return error
            }
        }
        #expect(rejection("") == .notJSON(JSONError(.unexpectedEnd, at: 0)))
        #expect(rejection("<html>") == .notJSON(JSONError(.unexpectedByte, at: 0)))
        #expect(rejection("[]") == .noKeys && rejection("{}") == .noKeys && rejection(#"{"keys":{}}"#) == .noKeys)
        #expect(rejection(#"{"keys":[]}"#) == .noUsableKey)
        #expect(rejection(#"{"keys":[],"keys":[]}"#) == .notJSON(JSONError(.duplicateName, at: 11)))
        #expect(rejection(#"{"keys":[\#(rsa(bits: 1024))]}"#) == .noUsableKey)
        let many = Array(repeating: "{}", count: JSONWebKeySet.maxKeys).joined(separator: ",")
        #expect(rejection(#"{"keys":[\#(many)]}"#) == .noUsableKey)
        #expect(rejection(#"{"keys":[\#(many),{}]}"#) == .tooManyKeys)
        #expect(rejection(String(repeating: " ", count: JSONWebKeySet.maxBytes + 1)) == .tooLarge)
    }
}
