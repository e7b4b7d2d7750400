internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyNet
internal import LatchkeyService
internal import LatchkeySettings
internal import Logging

extension ReloadSource {
    /// Reads the settings as `serve` read them at start: the same flags, the environment of the process, which does not
    /// change, and the settings file as it is now.
    ///
    /// - Parameters:
    ///   - settings: the settings in force. Sockets of systemd are taken from them, since they are passed once.
    ///   - onPhase: called at the beginning and the end of each reload.
    static func process(
        _ settings: Settings, flags: [SettingName: String], logLevel: LiveLogLevel,
        onPhase: @escaping @Sendable (Reloader.Phase) -> Void
    ) -> ReloadSource {
        let sockets = settings.listen.compactMap { place -> InheritedSocket? in
            guard case .inherited(let socket) = place else { return nil }
            return socket
        }
        let isStream = settings.sources.settingsFile.map(SmallFile.isStream) ?? false
        return ReloadSource(logLevel: logLevel, onPhase: onPhase) {
            // A pipe cannot be read again.
            if isStream { return (settings, []) }
            return CommandEnvironment.examine(flags: flags, need: .server, sockets: sockets)
        }
    }
}
