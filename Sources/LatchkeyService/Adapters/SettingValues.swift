internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMetrics
internal import LatchkeySettings
internal import LatchkeyUpstream

/// The current values for a request to an issuer, from settings, files and secrets.
struct SettingValues: Sendable {
    let settings: Settings
    let files: FollowedFiles
    let secrets: SecretBroker
    /// The upstream whose request needs the values, for faults.
    let upstream: Upstream
    /// Whether to read secrets past the cache. Files are always current.
    var refresh = false

    /// A credential of the profile, or the setting if the profile has none of its own.
    func value(
        of credential: ProfileDefinition.Credential?, member: String, or name: SettingName, _ deadline: MonotonicTime
    ) async throws(UpstreamFault) -> Secret {
        switch credential {
        case nil: return try await value(name, deadline)
        case .literal(let value): return value
        case .file(let path):
            guard let value = files.value(at: path) else {
                let why = files.fault(at: path).map { ": \($0)" } ?? ""
                throw missing(member, "cannot be read from \(path)\(why)")
            }
            return value
        case .secret(let key):
            return try await secret(key, deadline, absent: missing(member, "has no secret \(key.name)"))
        }
    }

    func text(
        of credential: ProfileDefinition.Credential?, member: String, or name: SettingName, _ deadline: MonotonicTime
    ) async throws(UpstreamFault) -> String {
        guard let text = try await value(of: credential, member: member, or: name, deadline).revealText() else {
            throw missing(member, "is not text")
        }
        return text
    }

    /// The current value of the setting, or else the field of that name in the blob, read through the secret cache.
    func value(_ name: SettingName, _ deadline: MonotonicTime) async throws(UpstreamFault) -> Secret {
        if let given = files.current(name, of: settings) { return Secret(given) }
        guard let key = SecretKey(name.rawValue) else { throw missing(name.rawValue, "is not set") }
        return try await secret(key, deadline, absent: missing(name.rawValue, "is neither set nor in the blob"))
    }

    func text(_ name: SettingName, _ deadline: MonotonicTime) async throws(UpstreamFault) -> String {
        guard let text = try await value(name, deadline).revealText() else {
            throw missing(name.rawValue, "is not text")
        }
        return text
    }

    func missing(_ name: String, _ why: String) -> UpstreamFault {
        UpstreamFault(.notReady, upstream: upstream, code: name, subject: "\(name) \(why)")
    }

    private func secret(
        _ key: SecretKey, _ deadline: MonotonicTime, absent: UpstreamFault
    ) async throws(UpstreamFault) -> Secret {
        do throws(UpstreamFault) {
            return try await secrets.secret(SecretQuery(key), demand: refresh ? .reread : .cached, deadline: deadline)
                .entry.value
        } catch {
            throw error.reason == .notFound ? absent : error
        }
    }
}
