/// One of the two shared files as its named sections.
package struct SharedConfigFile: Sendable {
    package enum Kind: Hashable, Sendable {
        /// Sections `[profile NAME]`, `[default]`, `[sso-session NAME]` and `[services NAME]`.
        case config
        /// Sections `[NAME]`, each of which is a profile.
        case credentials
    }

    private struct Entry: Sendable {
        var section: SharedConfigSection
        var header: SharedConfigHeader
    }

    package let path: String
    private var entries: [SharedConfigHeader.Subject: Entry] = [:]

    /// A file that does not exist.
    init(absent path: String) { self.path = path }

    /// - Throws: for a line that is not valid, and for a header that SDKs read differently.
    package init(_ bytes: [UInt8], path: String, kind: Kind) throws(SharedConfigError) {
        self.path = path
        let sections: [SharedConfigSection]
        do throws(SharedConfigSyntaxError) {
            sections = try SharedConfigParser.parse(bytes)
        } catch {
            throw SharedConfigError(path: path, line: error.line, error.reason)
        }
        for section in sections { try add(section, kind) }
    }

    private mutating func add(_ section: SharedConfigSection, _ kind: Kind) throws(SharedConfigError) {
        let header: SharedConfigHeader
        do throws(SharedConfigHeader.AmbiguityError) {
            header = try SharedConfigHeader(section.header, in: kind)
        } catch {
            throw SharedConfigError(path: path, line: section.line, error.reason)
        }
        switch header.subject {
        case .other: return
        case .everySection:
            guard section.properties.isEmpty else {
                throw SharedConfigError(
                    path: path, line: section.line,
                    "botocore gives the settings of [DEFAULT] to every profile and other SDKs do not: write [default]")
            }
        default:
            try rejectReplacements(in: section)
            let entry = Entry(section: section, header: header)
            guard let earlier = entries[header.subject] else {
                entries[header.subject] = entry
                return
            }
            entries[header.subject] = try chosen(of: earlier, entry)
        }
    }

    /// If a setting occurs twice, the SDKs' common rule uses the last one and botocore refuses the file. Throws if the
    /// two values differ and lead to different credentials.
    private func rejectReplacements(in section: SharedConfigSection) throws(SharedConfigError) {
        let critical = section.replacements.filter { SharedConfigSection.credentialNames.contains($0.key) }
        guard let (name, line) = critical.min(by: { $0.value < $1.value }) else { return }
        throw SharedConfigError(
            path: path, line: line,
            "\(name) occurs twice in [\(section.header)] with different values: remove one of them")
    }

    /// Selects between `[profile default]` and `[default]`. The SDKs' common rule uses the former and botocore the
    /// later one in the file. Throws if the two rules lead to different credentials, and for any other two headers of
    /// one name.
    private func chosen(of earlier: Entry, _ later: Entry) throws(SharedConfigError) -> Entry {
        guard earlier.header.isPlainDefault != later.header.isPlainDefault else {
            throw SharedConfigError(
                path: path, line: later.section.line,
                "the same section as in line \(earlier.section.line), with another header: merge them")
        }
        if earlier.header.isPlainDefault { return later }
        let isCritical = [earlier, later].contains { $0.section.namesCredentials }
        guard !isCritical || !later.header.isExact else {
            throw SharedConfigError(
                path: path, line: later.section.line,
                "[default] and, in line \(earlier.section.line), [profile default]: SDKs disagree on which has the "
                    + "credentials; merge them")
        }
        return earlier
    }

    /// A profile's settings in this file.
    package func profile(_ name: String) -> SharedProfile? { section(.profile(Array(name.utf8)), name) }

    func ssoSession(_ name: String) -> SharedProfile? { section(.ssoSession(Array(name.utf8)), name) }

    func services(_ name: String) -> SharedProfile? { section(.services(Array(name.utf8)), name) }

    private func section(_ subject: SharedConfigHeader.Subject, _ name: String) -> SharedProfile? {
        entries[subject].map { SharedProfile(name: name, section: $0.section, path: path) }
    }

    /// Whether botocore reads this file's section of the profile. True if there is none.
    func isExact(profile name: String) -> Bool { entries[.profile(Array(name.utf8))]?.header.isExact ?? true }

    /// The names of the profiles, in no order.
    var profileNames: [String] {
        entries.keys.compactMap {
            if case .profile(let name) = $0 { String(decoding: name, as: UTF8.self) } else { nil }
        }
    }
}

extension SharedConfigSection {
    fileprivate static let credentialNames: Set<String> = [
        "aws_access_key_id", "aws_secret_access_key", "aws_session_token", "aws_security_token", "role_arn",
        "source_profile", "credential_source", "external_id", "mfa_serial", "role_session_name", "duration_seconds",
        "web_identity_token_file", "credential_process", "login_session", "sso_session", "sso_account_id",
        "sso_role_name", "sso_region", "sso_start_url",
    ]

    /// Whether a setting of the section decides which credentials are used.
    var namesCredentials: Bool { properties.keys.contains { Self.credentialNames.contains($0) } }
}
