package import LatchkeyCore

/// The keys of a key set (RFC 7517 §5) that verify signatures.
package struct JSONWebKeySet: Hashable, Sendable {
    /// Why a text is not a usable key set. The texts say what is wrong and hold nothing of the set.
    package enum Rejection: Error, Hashable, Sendable, CustomStringConvertible {
        case tooLarge
        case notJSON(JSONError)
        /// No object with an array `keys`.
        case noKeys
        case tooManyKeys
        /// No key of the set verifies RS256, ES256 or EdDSA.
        case noUsableKey

        package var description: String {
            switch self {
            case .tooLarge: "the key set has more than \(maxBytes) bytes"
            case .notJSON(let error): "the key set is \(error)"
            case .noKeys: "the key set is not a JSON object with an array \"keys\" (RFC 7517)"
            case .tooManyKeys: "the key set has more than \(maxKeys) keys"
            case .noUsableKey:
                "the key set has no key for signatures of RS256 (2048 to 8192 bits), ES256 or EdDSA (Ed25519)"
            }
        }
    }

    /// The most bytes of a set.
    package static let maxBytes = 256 << 10
    /// The most keys of a set, those that are skipped included.
    package static let maxKeys = 128
    /// The largest key has about 20 values; certificates in it are longer, and not read.
    private static let limits = JSONLimits(depth: 8, values: 16_384, duplicateNames: .refused)

    /// The usable keys in the order of the set. A key with the same `kid` and algorithm as an earlier one is left out.
    package let keys: [JSONWebKey]
    /// The number of keys that are not used: for encryption, of another type, malformed, weak or repeated.
    package let skipped: Int

    /// - Parameter text: JSON. Members that are not known are ignored, as RFC 7517 §5 requires.
    package init(_ text: some Collection<UInt8>) throws(Rejection) {
        guard text.count <= Self.maxBytes else { throw .tooLarge }
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(text, limits: Self.limits)
        } catch {
            throw .notJSON(error)
        }
        guard let elements = document.root["keys"]?.elements else { throw .noKeys }
        let given = Array(elements)
        guard given.count <= Self.maxKeys else { throw .tooManyKeys }
        var usable: [JSONWebKey] = []
        for element in given {
            guard let key = try? JSONWebKey(element),
                !usable.contains(where: { $0.keyID == key.keyID && $0.algorithm == key.algorithm && key.keyID != nil })
            else { continue }
            usable.append(key)
        }
        guard !usable.isEmpty else { throw .noUsableKey }
        keys = usable
        skipped = given.count - usable.count
    }
}
