/// What of an envelope no tag guards: version numbers, types and algorithms. They are checked against what is written
/// here, so that a file that was altered there is no envelope of ours.
enum EnvelopeShape {
    /// One primitive of a DER encoding, in its order.
    struct Leaf: Equatable {
        let tag: UInt8
        let content: ArraySlice<UInt8>

        /// Whether it is one that the template has too: octets by their number alone, the ciphertext by nothing.
        func fits(_ template: Leaf) -> Bool {
            guard tag == template.tag else { return false }
            switch tag {
            case 0x80: return true
            case 0x04: return content.count == template.content.count
            default: return content.elementsEqual(template.content)
            }
        }
    }

    /// Levels that an envelope has at the most.
    private static let mostLevels = 16

    /// Whether a password's envelope is exactly what ``PasswordEnvelope`` writes, but for salts, nonces and ciphertexts.
    static func isPasswordEnvelope(_ file: [UInt8]) -> Bool {
        guard let found = leaves(file), let rounds = found.first(where: { $0.tag == 0x02 && $0.content.count > 1 }),
            let iterations = number(rounds.content), iterations >= AuthEnvelope.fewestIterations,
            iterations <= AuthEnvelope.mostIterations
        else { return false }
        let template = leaves(PasswordEnvelope.template(iterations: iterations)) ?? []
        return found.count == template.count && zip(found, template).allSatisfy { $0.fits($1) }
    }

    /// Whether what surrounds the recipients is what ``PasswordEnvelope`` writes, and libcrypto too.
    static func isCertificateEnvelope(_ file: [UInt8]) -> Bool {
        guard let found = leaves(file), found.count > 8 else { return false }
        let template = leaves(PasswordEnvelope.template(iterations: AuthEnvelope.iterations)) ?? []
        let ends = zip(found.prefix(2) + found.suffix(6), template.prefix(2) + template.suffix(6))
        return ends.allSatisfy { $0.fits($1) }
    }

    /// The primitives of a DER text; nil for anything that is not DER: a length not in its fewest bytes, or bytes over.
    static func leaves(_ bytes: [UInt8]) -> [Leaf]? {
        var found: [Leaf] = []
        return collect(bytes[...], 0, &found) ? found : nil
    }

    private static func collect(_ bytes: ArraySlice<UInt8>, _ level: Int, _ found: inout [Leaf]) -> Bool {
        guard level < mostLevels else { return false }
        var rest = bytes
        while let tag = rest.popFirst() {
            guard let length = takeLength(&rest), length <= rest.count else { return false }
            let content = rest.prefix(length)
            rest = rest.dropFirst(length)
            if tag & 0x20 == 0 {
                found.append(Leaf(tag: tag, content: content))
            } else if !collect(content, level + 1, &found) {
                return false
            }
        }
        return true
    }

    /// A definite length in the fewest bytes (X.690 §10.1).
    private static func takeLength(_ rest: inout ArraySlice<UInt8>) -> Int? {
        guard let first = rest.popFirst() else { return nil }
        guard first & 0x80 != 0 else { return Int(first) }
        let count = Int(first & 0x7F)
        guard (1...4).contains(count), rest.count >= count, let length = number(rest.prefix(count)) else { return nil }
        guard length >= 0x80, rest.first != 0 else { return nil }
        rest = rest.dropFirst(count)
        return length
    }

    /// Big-endian, of four bytes at the most.
    private static func number(_ bytes: ArraySlice<UInt8>) -> Int? {
        bytes.count > 4 ? nil : bytes.reduce(0) { $0 << 8 | Int($1) }
    }
}
