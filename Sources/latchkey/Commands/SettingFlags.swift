internal import ArgumentParser
internal import LatchkeyHTTP
internal import LatchkeyNet
internal import LatchkeySettings
internal import Logging

/// The settings that also have a flag.
struct SettingFlags: ParsableArguments {
    @Option(help: "Settings file (LATCHKEY_CONFIG).") var config: String?
    @Option(help: "Comma-separated list of host:port, [v6]:port, unix:/path, systemd (LATCHKEY_LISTEN).") var listen:
        String?
    @Option(help: "Parameter path (LATCHKEY_PREFIX).") var prefix: String?
    @Option(help: "parameter-store, secrets-manager, shadow or auto (LATCHKEY_SECRETS_BACKEND).") var secretsBackend:
        String?
    @Option(help: "Event loops (LATCHKEY_WORKERS).") var workers: String?
    @Option(help: "trace, debug, info, notice, warning, error or critical (LATCHKEY_LOG_LEVEL).") var logLevel: String?
    @Option(help: "json or text (LATCHKEY_LOG_FORMAT).") var logFormat: String?

    /// The flags that are given.
    var values: [SettingName: String] {
        let all: [(SettingName, String?)] = [
            (.config, config), (.listen, listen), (.prefix, prefix), (.secretsBackend, secretsBackend),
            (.workers, workers), (.logLevel, logLevel), (.logFormat, logFormat),
        ]
        return Dictionary(uniqueKeysWithValues: all.compactMap { name, value in value.map { (name, $0) } })
    }
}
