internal import Glibc
package import LatchkeyConfine
internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyNet
package import LatchkeySettings
package import LatchkeyUpstream

extension ConfinementPlan {
    /// What the C library, OpenSSL and the broker itself read. `/etc` as a whole, because the files of name resolution
    /// are replaced by rename. The broker's user can read there what everybody can. `/proc` as a whole, because Dispatch
    /// reads `/proc/TID/stat` of its threads and crashes without it. What tracing protects there (memory, environment)
    /// Landlock denies for other processes.
    private static let system = [
        "/etc", "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/share/ca-certificates",
        "/usr/local/share/ca-certificates", "/usr/share/pki", "/var/lib/ca-certificates", "/run/systemd/resolve",
        "/run/resolvconf", "/run/NetworkManager", "/dev/urandom", "/dev/random", "/proc", "/sys/devices/system/cpu",
    ]

    /// Where programs, their libraries and their data are.
    private static let programs = ["/bin", "/sbin", "/usr", "/opt", "/nix/store", "/snap"]

    /// The plan for a broker with these settings.
    ///
    /// - Parameters:
    ///   - readSharedFile: reads the shared AWS file at a path.
    ///   - link: finds the target of a symbolic link.
    package init(
        _ settings: Settings, readSharedFile: (String) -> SharedFileContent, link: Link = ConfinementPlan.systemLink
    ) {
        self.init(home: settings.environment["HOME"])
        for path in Self.system { allow(path, .read) }
        allow("/dev/null", [.read, .write])
        let credentials = CredentialFiles(environment: settings.environment, readSharedFile: readSharedFile)
        for path in Self.files(settings) + credentials.read { allowFile(OwnFile.absolute(path), .read, link: link) }
        for path in credentials.replaced { allowFile(OwnFile.absolute(path), [.read, .write], link: link) }
        if let warm = settings.warmFile {
            allowFile(OwnFile.absolute(warm.path), [.read, .write], link: link)
            allowFile(OwnFile.absolute(warm.keyPath), .read, link: link)
        }
        if let audit = settings.audit, audit.target != "stderr" {
            // A link at the path of the audit log is never followed.
            allowFile(OwnFile.absolute(audit.target), [.read, .write], link: { _ in nil })
        }
        let listen = settings.listen + [settings.probeListen].compactMap { $0 }
        for case .unix(let path) in listen.filter({ !$0.isInherited }).flatMap(\.addresses) {
            // A link at the path of a socket is never followed.
            allowFile(OwnFile.absolute(path), .sockets, link: { _ in nil })
        }
        if let folders = settings.environment["SSL_CERT_DIR"] {
            for folder in folders.split(separator: ":") { allow(OwnFile.absolute(String(folder)), .read) }
        }
        allowsAbstractSockets = settings.environment["NOTIFY_SOCKET"]?.hasPrefix("@") ?? false
        if !credentials.programs.isEmpty { allowPrograms(credentials.programs, settings.environment, link) }
    }

    /// The files that settings and profiles name.
    private static func files(_ settings: Settings) -> [String] {
        let tls = settings.tls.map { files in
            files.pairs.flatMap { [$0.certificate, $0.key] } + [files.clientAuthorities].compactMap { $0 }
        }
        var files = SettingName.allCases.compactMap { settings.sources.given[$0]?.readFrom }
        files += settings.profiles.flatMap(\.files) + (tls ?? [])
        files += settings.callers?.files ?? []
        files += [
            settings.sources.settingsFile, settings.profilesPath, settings.callersPath, settings.aws.caBundle,
            settings.environment["SSL_CERT_FILE"], settings.environment["OPENSSL_CONF"],
        ].compactMap { $0 }.filter { !$0.isEmpty }
        return files
    }

    /// Programs may be anywhere in the system's folders, and keep files of their own in the home folder and in those for
    /// temporary files.
    private mutating func allowPrograms(_ names: [String], _ environment: [String: String], _ link: Link) {
        allowsExecution = true
        for path in Self.programs + ["/lib", "/lib64"] { allow(path, [.read, .execute]) }
        let folders = (environment["PATH"] ?? "").split(separator: ":").filter { $0.hasPrefix("/") && $0 != "/" }
        for folder in folders { allow(String(folder), [.read, .execute]) }
        for name in names where name.contains("/") {
            allowFile(OwnFile.absolute(name), [.read, .execute], link: link)
        }
        allow("/sys", .read)
        let own = [environment["HOME"], environment["TMPDIR"], "/tmp", "/var/tmp"].compactMap { $0 }
        for path in own where path.hasPrefix("/") && Self.normalized(path) != "/" {
            allow(path, [.read, .write, .arrange])
        }
    }

    /// readlink(2).
    package static let systemLink: Link = { path in
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(path, &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }
}
