package import LatchkeyBroker
package import LatchkeyCore
package import LatchkeyCrypto
package import LatchkeyHTTP
package import LatchkeyUpstream
package import Logging

/// Every effective setting, typed and in bounds.
package struct Settings: Sendable {
    /// Where secrets are read.
    package enum Backend: String, Sendable, CaseIterable {
        case parameterStore = "parameter-store"
        case secretsManager = "secrets-manager"
        case shadow
        /// Wherever `<prefix>/latchkey/backend` says.
        case auto

        /// The backend where settings alone decide it; nil for ``auto``.
        package var fixed: SecretBackend? { SecretBackend(rawValue: rawValue) }

        /// Whether the parameter that lists the secrets kept in Secrets Manager is followed.
        package var followsKept: Bool { self == .parameterStore || self == .auto }

        /// The stores that are read.
        package var stores: [SecretStore] {
            switch self {
            case .parameterStore: [.parameterStore]
            case .secretsManager: [.secretsManager]
            case .shadow, .auto: [.parameterStore, .secretsManager]
            }
        }
    }

    /// Where replicas share tokens.
    package enum SharedTierChoice: Hashable, Sendable {
        case parameterStore
        case dynamodb(table: String)
        case none

        /// Reads `parameter-store`, `dynamodb:<table>` or `none`; nil for anything else. A table's name has 3 to 255
        /// letters, digits, `_`, `-` and `.` (Amazon DynamoDB, Naming rules).
        package init?(_ text: String) {
            switch text {
            case "parameter-store": self = .parameterStore
            case "none": self = .none
            default:
                guard text.hasPrefix("dynamodb:") else { return nil }
                let table = text.dropFirst("dynamodb:".count)
                let allowed: (Character) -> Bool = {
                    $0.isASCII && ($0.isLetter || $0.isNumber || "_-.".contains($0))
                }
                guard (3...255).contains(table.utf8.count), table.allSatisfy(allowed) else { return nil }
                self = .dynamodb(table: String(table))
            }
        }
    }

    package enum LogFormat: String, Sendable, CaseIterable {
        case json, text
    }

    package var listen: [ListenPlace] = []
    package var apiKey: Secret?
    package var url: BrokerURL?
    package var prefix = ""
    package var backend = Backend.parameterStore
    package var secretTTL: Duration = .zero
    package var negativeTTL: Duration = .zero
    package var staleTTL: Duration = .zero
    /// Stores whose times are others than ``secretTTL`` and ``negativeTTL``: no setting says so, but the variables of
    /// AWS's Lambda extension do.
    package var ttls: [SecretStore: SecretTTLs] = [:]
    /// Secrets in memory at the most; nil for the broker's own limit.
    package var maximumSecrets: Int?
    package var prefetch: [String] = []
    package var tokenExpiryBuffer: Duration = .zero
    /// Where tokens are asked for; nil for Auth0's own place on the tenant's domain.
    package var tokenEndpoint: TokenEndpoint?
    /// The token profiles, the default one first.
    package var profiles: [ProfileDefinition] = [.standard]
    /// The file they are read from, if any.
    package var profilesPath: String?
    /// What was read of it, without the line end at its end.
    package var profilesText: Secret?
    package var sharedTier = SharedTierChoice.parameterStore
    /// The tier of the parameter that a shared token is written to; never ``ParameterTierChoice/asNeeded``.
    package var tokenParameterTier = ParameterTierChoice.standard
    /// The KMS key of that parameter; nil for the account's default key.
    package var tokenKMSKey: String?
    package var upstreamTimeout: Duration = .zero
    package var ssmMaxTPS = 0
    package var issueBudget = 0
    package var maxConnections = 0
    /// From SIGTERM, how long `/readyz` is 503 while connections are still accepted. Part of ``drainTimeout``.
    package var drainDelay: Duration = .zero
    /// From SIGTERM to the end of the process, at the most.
    package var drainTimeout: Duration = .zero
    package var workers = 1
    package var logLevel = Logger.Level.info
    package var logFormat = LogFormat.json
    package var aws: AWSConfiguration
    /// The proxies that upstreams are called through.
    package var proxies = ProxySettings()
    /// The process's environment, for the credential providers.
    package var environment: [String: String]
    /// Each setting as given, for `latchkey config`.
    package var sources: SettingSources
    /// What is worth a warning but no refusal.
    package var warnings: [String] = []

    /// Upstreams that are called without TLS over a network, as `http://host:port`, each once.
    package var plainUpstreams: [String] {
        let origins = aws.endpoints.values.map(\.origin).filter { origin in
            origin.scheme == .http && !ProxyBypass.isLocal(origin.host)
        }
        return Set(origins.map { "http://\($0.authority)" }).sorted()
    }

    /// What to say of each of ``plainUpstreams``.
    package static let plainUpstreamWarning =
        "is called without TLS: requests and secrets cross the network unencrypted; use https"

    /// Whether somebody has set it, and its value is not the default.
    package func isGiven(_ name: SettingName) -> Bool { sources.given[name].map { $0.origin != .standard } ?? false }

    package var isBeyondLoopback: Bool { listen.contains { !$0.isLoopback } }
}

/// Everything that is wrong with the settings, found in one go.
package struct SettingsProblems: Error, Sendable {
    /// One line each, the setting's name first; never a secret's value.
    package let lines: [String]

    package init(lines: [String]) { self.lines = lines }
}
