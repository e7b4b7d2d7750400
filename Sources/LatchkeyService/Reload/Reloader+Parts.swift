internal import LatchkeyAPI
internal import LatchkeyLog
internal import LatchkeySettings
internal import Logging

extension Reloader.Parts {
    /// The parts of a running service.
    ///
    /// - Parameter certificates: nil without TLS.
    init(
        key: APIKeyFollower, callers: CallersFollower, profiles: ProfilesFollower,
        certificates: CertificateFollower?, files: FollowedFiles, logLevel: LiveLogLevel, requests: RequestLog,
        audit: AuditKeeper?, log: Logger
    ) {
        reopenAudit = { audit?.reopen() }
        replace = { part, settings throws(SettingsError) in
            switch part {
            case .key:
                try key.replace(with: settings)
                log.notice(.apiKeyChanged, "\(APIKeyFollower.changeMessage)")
            case .callers:
                try callers.replace(with: settings)
                log.notice(.callersChanged, "\(CallersFollower.changeMessage)")
            case .profiles:
                profiles.replace(with: settings)
                log.notice(.profilesChanged, "\(FollowedSettings.profilesChangeMessage)")
            case .certificates:
                if let paths = settings.tls { try certificates?.replace(with: paths) }
            case .logLevel:
                Self.change(logLevel, of: requests, to: settings.logLevel, log)
            }
        }
        checkFiles = { await Self.check(files, certificates) }
    }

    /// The line for the change is written while the more verbose level is in force.
    private static func change(
        _ logLevel: LiveLogLevel, of requests: RequestLog, to level: Logger.Level, _ log: Logger
    ) {
        let isQuieter = level > logLevel.current
        if !isQuieter { logLevel.set(level) }
        log.notice(.logLevelChanged, "the log level has changed", metadata: ["log_level": "\(level)"])
        logLevel.set(level)
        requests.setLevel(level)
    }

    private static func check(_ files: FollowedFiles, _ certificates: CertificateFollower?) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await files.refresh() }
            group.addTask { await certificates?.refresh() }
        }
    }
}
