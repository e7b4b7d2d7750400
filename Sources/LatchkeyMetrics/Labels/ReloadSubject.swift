/// Something that is read again while the process runs, which may fail.
package enum ReloadSubject: Int, Label {
    case key, callers, profiles, certificate, settings, jwks, credentials, backend, kept

    package var label: String {
        switch self {
        case .key: "key"
        case .callers: "callers"
        case .profiles: "profiles"
        case .certificate: "certificate"
        case .settings: "settings"
        case .jwks: "jwks"
        case .credentials: "credentials"
        case .backend: "backend"
        case .kept: "kept"
        }
    }
}
