internal import LatchkeyNet
internal import LatchkeySettings

extension Settings {
    /// How the broker creates Unix sockets.
    ///
    /// - Throws: if the machine does not have the user or the group of `LATCHKEY_UNIX_OWNER`.
    func unixSocketOptions() throws(SettingsError) -> UnixSocketOptions {
        var options = UnixSocketOptions()
        options.mode = unixMode
        options.takesOver = takesOverUnixSockets
        do throws(UnixSocketOwner.UnknownName) {
            options.owner = try unixOwner?.ids()
        } catch {
            throw SettingsError(lines: ["\(SettingName.unixOwner.rawValue): \(error)"])
        }
        return options
    }
}
