internal import LatchkeyConfine
internal import LatchkeySettings

/// The settings of a broker, and what is in force of the confinement that follows from them.
struct ConfinedSettings: Sendable {
    let settings: Settings
    /// Nil if `LATCHKEY_CONFINE` is `false`.
    let confinement: ConfinementState?

    /// Confines the process, and prepares the report of a crash. Must be called while the process has one thread.
    init(confining settings: Settings) {
        self.settings = settings
        CommandEnvironment.installCrashReporter(settings)
        confinement = CommandEnvironment.confine(settings)
    }
}
