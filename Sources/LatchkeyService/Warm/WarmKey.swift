internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeySettings

/// The key of the warm file.
enum WarmKey {
    /// The most bytes of its file: 32 bytes in base64 or hexadecimal, and a line end.
    private static let maxFileBytes = 128

    /// The key in the file at `path`: 32 bytes as they are, or as 64 hexadecimal digits or in base64, with or without a line
    /// end.
    static func read(_ path: String) throws(SettingsError) -> Secret {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try FileReader.read(path, limit: maxFileBytes)
        } catch {
            throw SettingsError(lines: ["\(SettingName.warmKey.rawValue): \(path): \(error)"])
        }
        guard let key = key(in: bytes) else {
            throw SettingsError(lines: [
                "\(SettingName.warmKey.rawValue): \(path) must hold 32 random bytes, as they are, in hexadecimal or in "
                    + "base64; make them with: openssl rand -hex 32"
            ])
        }
        return key
    }

    /// The key in the content of a file; nil if there is none.
    static func key(in bytes: [UInt8]) -> Secret? {
        if bytes.count == SealedText.keyLength { return Secret(bytes) }
        let text = String(decoding: FileReader.withoutLineEnd(bytes), as: UTF8.self)
        guard let key = Hex.decode(text) ?? Base64.decode(text), key.count == SealedText.keyLength else { return nil }
        return Secret(key)
    }
}
