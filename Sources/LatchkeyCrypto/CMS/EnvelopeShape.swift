/// The parts of an envelope that no authentication tag covers: versions, types and algorithms. They are compared with a
/// file made here, so that a file with other values is rejected.
enum EnvelopeShape {
    /// One primitive element of a DER encoding.
    struct Leaf: Equatable {
        let tag: UInt8
        let content: ArraySlice<UInt8>

        /// Whether the element is the same as in the template. Octet strings need only the same length. The ciphertext
        /// may have any length.
        func fits(_ template: Leaf) -> Bool {
            guard tag == template.tag else { return false }
            switch tag {
            case 0x80: return true
            case 0x04: return content.count == template.content.count
            default: return content.elementsEqual(template.content)
            }
        }
    }

    /// The most nested elements.
    private static let maxLevels = 16

    /// Whether the file is what ``PasswordEnvelope`` writes, except for the salt, nonces and ciphertexts.
    static func isPasswordEnvelope(_ file: [UInt8]) -> Bool {
        guard let found = leaves(file), let integer = found.first(where: { $0.tag == 0x02 && $0.content.count > 1 }),
            let iterations = number(integer.content), iterations >= AuthEnvelope.minIterations,
            iterations <= AuthEnvelope.maxIterations
        else { return false }
        let template = leaves(PasswordEnvelope.template(iterations: iterations)) ?? []
        return found.count == template.count && zip(found, template).allSatisfy { $0.fits($1) }
    }

    /// Whether the elements before and after the recipients are the same as in a password's envelope, which libcrypto
    /// writes in the same way.
    static func isCertificateEnvelope(_ file: [UInt8]) -> Bool {
        guard let found = leaves(file), found.count > 8 else { return false }
        let template = leaves(PasswordEnvelope.template(iterations: AuthEnvelope.minIterations)) ?? []
        let ends = zip(found.prefix(2) + found.suffix(6), template.prefix(2) + template.suffix(6))
        return ends.allSatisfy { $0.fits($1) }
    }

    /// The primitive elements of a DER encoding; nil if a length is not in the fewest bytes or bytes are left over.
    static func leaves(_ bytes: [UInt8]) -> [Leaf]? {
        var found: [Leaf] = []
        return collect(bytes[...], 0, &found) ? found : nil
    }

    private static func collect(_ bytes: ArraySlice<UInt8>, _ level: Int, _ found: inout [Leaf]) -> Bool {
        guard level < maxLevels else { return false }
        var remaining = bytes
        while let tag = remaining.popFirst() {
            guard let length = takeLength(&remaining), length <= remaining.count else { return false }
            let content = remaining.prefix(length)
            remaining = remaining.dropFirst(length)
            if tag & 0x20 == 0 {
                found.append(Leaf(tag: tag, content: content))
            } else if !collect(content, level + 1, &found) {
                return false
            }
        }
        return true
    }

    /// A definite length in the fewest bytes (X.690 §10.1).
    private static func takeLength(_ remaining: inout ArraySlice<UInt8>) -> Int? {
        guard let first = remaining.popFirst() else { return nil }
        guard first & 0x80 != 0 else { return Int(first) }
        let count = Int(first & 0x7F)
        guard (1...4).contains(count), remaining.count >= count, let length = number(remaining.prefix(count)) else {
            return nil
        }
        guard length >= 0x80, remaining.first != 0 else { return nil }
        remaining = remaining.dropFirst(count)
        return length
    }

    /// A big-endian number of at most four bytes.
    private static func number(_ bytes: ArraySlice<UInt8>) -> Int? {
        bytes.count > 4 ? nil : bytes.reduce(0) { $0 << 8 | Int($1) }
    }
}
