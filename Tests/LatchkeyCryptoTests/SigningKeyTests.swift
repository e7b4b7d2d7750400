import LatchkeyCore
import LatchkeyCrypto
import Testing

@Suite struct SigningKeyTests {
    private static let key = Result { try SigningKey.generateRSA() }

    private func number(_ member: String) throws -> [UInt8] {
        let text = try Self.key.get().publicKey[member]?.string
        return try #require(text.flatMap { Base64.decodeURL($0) })
    }

    @Test func `The public half is a JWK with the exponent 65537 and a modulus of 2048 bits`() throws {
        let key = try Self.key.get()
        #expect(try number("e") == [1, 0, 1])
        #expect(try number("n").count == 256)
        #expect(key.publicKey["kty"] == "RSA")
        #expect(key.publicKey["alg"] == "RS256")
        #expect(key.publicKey["use"] == "sig")
        #expect(key.publicKey["kid"]?.string == key.keyID)
        #expect(key.publicKey.object?.count == 6)
    }

    // RFC 7638 §3.
    @Test func `The key id is the thumbprint of the required members`() throws {
        let key = try Self.key.get()
        let modulus = try #require(key.publicKey["n"]?.string)
        let text = #"{"e":"AQAB","kty":"RSA","n":"\#(modulus)"}"#
        #expect(key.keyID == Base64.encodeURL(SHA256.hash(text).bytes))
    }

    // RFC 8017 §8.2.2 and §9.2, computed without libcrypto: signature^65537 mod n is the padded digest.
    @Test func `A signature verifies against the padded SHA-256 of the message`() throws {
        let message = Array("header.payload".utf8)
        let signature = try Self.key.get().signRS256(message)
        #expect(signature.count == 256)
        let prefix: [UInt8] = [
            0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04,
            0x20,
        ]
        let encoded = prefix + SHA256.hash(message).bytes
        let padded = [0, 1] + [UInt8](repeating: 0xFF, count: 256 - encoded.count - 3) + [0] + encoded
        let modulus = Number(try number("n"))
        var power = Number(signature)
        for _ in 0..<16 { power = power.times(power, modulo: modulus) }
        #expect(power.times(Number(signature), modulo: modulus) == Number(padded))
    }

    @Test func `Two generated keys differ`() throws {
        #expect(try SigningKey.generateRSA().keyID != Self.key.get().keyID)
    }

    @Test func `The description of a key does not reveal it`() throws {
        #expect("\(try Self.key.get())".contains("<secret>"))
    }
}

/// The arithmetic to verify an RSA signature.
private struct Number: Equatable {
    /// Least significant limb first. One limb more than the modulus needs, for doubling.
    private var limbs: [UInt64]

    init(_ bigEndian: [UInt8]) {
        limbs = [UInt64](repeating: 0, count: bigEndian.count / 8 + 1)
        for (index, byte) in bigEndian.reversed().enumerated() { limbs[index / 8] |= UInt64(byte) << (index % 8 * 8) }
    }

    /// The product modulo `modulus`, by doubling and adding for each bit.
    func times(_ other: Number, modulo modulus: Number) -> Number {
        var result = Number([UInt8](repeating: 0, count: (limbs.count - 1) * 8))
        for limb in other.limbs.reversed() {
            for bit in (0..<64).reversed() {
                result.add(result)
                result.reduce(modulus)
                guard limb >> bit & 1 == 1 else { continue }
                result.add(self)
                result.reduce(modulus)
            }
        }
        return result
    }

    private mutating func add(_ other: Number) {
        var carry: UInt64 = 0
        for index in limbs.indices {
            let (first, over) = limbs[index].addingReportingOverflow(other.limbs[index])
            let (second, overAgain) = first.addingReportingOverflow(carry)
            limbs[index] = second
            carry = over || overAgain ? 1 : 0
        }
    }

    private mutating func reduce(_ modulus: Number) {
        for index in limbs.indices.reversed() where limbs[index] != modulus.limbs[index] {
            if limbs[index] < modulus.limbs[index] { return }
            break
        }
        var borrow: UInt64 = 0
        for index in limbs.indices {
            let (first, under) = limbs[index].subtractingReportingOverflow(modulus.limbs[index])
            let (second, underAgain) = first.subtractingReportingOverflow(borrow)
            limbs[index] = second
            borrow = under || underAgain ? 1 : 0
        }
    }
}
