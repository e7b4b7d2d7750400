/// Secret bytes that are kept in a file: encrypted and authenticated with AES-256-GCM under a key that is stored elsewhere.
///
/// The format is ``magic``, a nonce of 12 bytes, the ciphertext, and a tag of 16 bytes. The tag also covers the magic and a
/// context that is not stored, so that a file does not open in another place.
package enum SealedText {
    /// Bytes of the key.
    package static let keyLength = AESGCM.keyLength
    private static let magic = Array("latchkey sealed 1\n".utf8)

    /// The sealed bytes; nil if libcrypto fails. The nonce is random, so that one key must not seal more than 2^32 texts.
    ///
    /// - Parameters:
    ///   - key: ``keyLength`` bytes.
    ///   - context: what the text belongs to. Opening needs the same bytes.
    package static func seal(_ content: Secret, key: Secret, context: [UInt8]) -> [UInt8]? {
        guard key.count == keyLength, content.count <= Int(Int32.max) else { return nil }
        let nonce = Random.bytes(AESGCM.nonceLength)
        return AESGCM.encrypt(content, key: key, nonce: nonce, associated: magic + context)
            .map { magic + nonce + $0.ciphertext + $0.tag }
    }

    /// The content; nil if the bytes are altered, were sealed with another key or context, or are no sealed text.
    package static func open(_ sealed: [UInt8], key: Secret, context: [UInt8]) -> Secret? {
        let overhead = magic.count + AESGCM.nonceLength + AESGCM.tagLength
        guard sealed.count >= overhead, sealed.count <= Int(Int32.max), sealed.starts(with: magic) else { return nil }
        let start = magic.count + AESGCM.nonceLength
        let end = sealed.count - AESGCM.tagLength
        return AESGCM.decrypt(
            sealed[start..<end], tag: sealed[end...], key: key, nonce: Array(sealed[magic.count..<start]),
            associated: magic + context)
    }
}
