internal import LatchkeyNet

extension SettingsReader {
    /// Reads how Unix sockets are created.
    mutating func readUnixSockets(_ settings: inout Settings) {
        if let mode = mode(.unixMode) { settings.unixMode = mode }
        if let text = text(.unixOwner) {
            settings.unixOwner = UnixSocketOwner(text)
            if settings.unixOwner == nil { reject(.unixOwner, "must be user, user:group or :group, names or ids") }
        }
        settings.takesOverUnixSockets = flag(.unixTakeover)
    }

    /// The permissions of a file: three octal digits, after a `0` or not; nil if rejected.
    private mutating func mode(_ name: SettingName) -> UInt32? {
        guard let text = text(name) else { return nil }
        let digits = text.utf8.count == 4 && text.utf8.first == UInt8(ascii: "0") ? text.dropFirst() : text[...]
        if digits.utf8.count == 3, digits.utf8.allSatisfy({ (0x30...0x37).contains($0) }) {
            return UInt32(digits, radix: 8)
        }
        reject(name, "must be three octal digits, such as 0660")
        return nil
    }
}
