internal import FoundationEssentials

/// Base64 in its two alphabets (RFC 4648).
package enum Base64 {
    /// RFC 4648 §4, padded: what AWS puts binary secrets in.
    package static func encode(_ bytes: some Collection<UInt8>) -> String {
        Data(bytes).base64EncodedString()
    }

    /// RFC 4648 §4; nil for anything that is not canonical padded base64.
    package static func decode(_ text: String) -> [UInt8]? {
        Data(base64Encoded: text).map { [UInt8]($0) }
    }

    /// RFC 4648 §5 without padding: what JWS uses (RFC 7515 §2).
    package static func encodeURL(_ bytes: some Collection<UInt8>) -> String {
        var text = encode(bytes).replacing("+", with: "-").replacing("/", with: "_")
        while text.last == "=" { text.removeLast() }
        return text
    }

    /// RFC 4648 §5 without padding; nil when `text` is not that.
    package static func decodeURL(_ text: some StringProtocol) -> [UInt8]? {
        guard !text.utf8.contains(where: { $0 == 0x2B || $0 == 0x2F || $0 == 0x3D }) else { return nil }
        var padded = String(text).replacing("-", with: "+").replacing("_", with: "/")
        padded += String(repeating: "=", count: (4 - padded.utf8.count % 4) % 4)
        return decode(padded)
    }
}
