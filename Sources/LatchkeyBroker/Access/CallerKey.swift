internal import LatchkeyCore
package import LatchkeyCrypto

/// The keys that `latchkey callers` makes: `lk_`, 43 random characters (256 bits), and a checksum of 6 characters, so that
/// scanners for secrets recognise them. The broker accepts any other key too.
package enum CallerKey {
    package static let prefix = "lk_"
    private static let randomCharacters = 43
    private static let checksumCharacters = 6
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// A new key.
    package static func make() -> Secret {
        var text = Array(prefix.utf8)
        while text.count < prefix.utf8.count + randomCharacters {
            // Bytes from 248 on would make some characters more likely.
            for byte in Random.bytes(64) where byte < 248 && text.count < prefix.utf8.count + randomCharacters {
                text.append(alphabet[Int(byte) % alphabet.count])
            }
        }
        return Secret(text + checksum(text))
    }

    /// Whether a text has the form of such a key, with the right checksum.
    package static func isWellFormed(_ text: [UInt8]) -> Bool {
        guard text.count == prefix.utf8.count + randomCharacters + checksumCharacters, text.starts(with: prefix.utf8)
        else {
            return false
        }
        let random = Array(text.dropLast(checksumCharacters))
        return random.dropFirst(prefix.utf8.count).allSatisfy(ASCII.isLetterOrDigit)
            && checksum(random).elementsEqual(text.suffix(checksumCharacters))
    }

    /// The first bytes of the SHA-256, as characters.
    private static func checksum(_ text: [UInt8]) -> [UInt8] {
        SHA256.hash(text).bytes.prefix(checksumCharacters).map { alphabet[Int($0) % alphabet.count] }
    }
}
