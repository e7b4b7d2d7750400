/// Where a reload gets the settings from, and what the process replaces itself.
package struct ReloadSource: Sendable {
    /// Reads and checks all settings again.
    package var read: Reloader.Read
    /// The level of the process's log.
    package var logLevel: LiveLogLevel
    /// Called at the beginning and the end of each reload: the place to inform the service manager.
    package var onPhase: @Sendable (Reloader.Phase) -> Void

    package init(
        logLevel: LiveLogLevel, onPhase: @escaping @Sendable (Reloader.Phase) -> Void = { _ in },
        read: @escaping Reloader.Read
    ) {
        self.logLevel = logLevel
        self.onPhase = onPhase
        self.read = read
    }
}
