package import LatchkeyBroker
package import LatchkeyCore
package import LatchkeyCrypto
package import LatchkeyHTTP
package import LatchkeyNet
package import LatchkeyUpstream
package import Logging

/// The values of all settings, checked.
package struct Settings: Sendable {
    /// The store that secrets are read from.
    package enum Backend: String, Sendable, CaseIterable {
        case parameterStore = "parameter-store"
        case secretsManager = "secrets-manager"
        case shadow
        /// Follows the parameter `<prefix>/latchkey/backend`.
        case auto

        /// The fixed backend; nil for ``auto``.
        package var fixed: SecretBackend? { SecretBackend(rawValue: rawValue) }

        /// Whether the broker follows the list of secrets that stay in Secrets Manager, `<prefix>/latchkey/kept`.
        package var followsKept: Bool { self == .parameterStore || self == .auto }

        /// The stores that may be read.
        package var stores: [SecretStore] {
            switch self {
            case .parameterStore: [.parameterStore]
            case .secretsManager: [.secretsManager]
            case .shadow, .auto: [.parameterStore, .secretsManager]
            }
        }
    }

    /// The tier through which replicas share tokens.
    package enum SharedTierChoice: Hashable, Sendable {
        case parameterStore
        case dynamodb(table: String)
        case none

        /// Reads `parameter-store`, `dynamodb:<table>` or `none`; nil for anything else. The name of a table has 3 to 255
        /// letters, digits, `_`, `-` and `.` (Amazon DynamoDB, Naming rules).
        package init?(_ text: String) {
            switch text {
            case "parameter-store": self = .parameterStore
            case "none": self = .none
            default:
                guard text.hasPrefix("dynamodb:") else { return nil }
                let table = text.dropFirst("dynamodb:".count)
                guard (3...255).contains(table.utf8.count),
                    table.utf8.allSatisfy({ ASCII.isLetterOrDigit($0) || "_-.".utf8.contains($0) })
                else { return nil }
                self = .dynamodb(table: String(table))
            }
        }
    }

    package enum LogFormat: String, Sendable, CaseIterable {
        case json, text
    }

    package var listen: [ListenAddress] = []
    /// The address of the probe listener; nil for none.
    package var probeListen: ListenAddress?
    /// Nil if there is none, which a server can be without if it has a callers file.
    package var apiKey: Secret?
    /// The callers; nil without a callers file.
    package var callers: CallersFile?
    /// The path of the callers file, if any.
    package var callersPath: String?
    /// The content of the callers file, without the line end at its end.
    package var callersText: Secret?
    /// The files for TLS; nil to serve plain HTTP.
    package var tls: TLSFiles?
    /// The permissions of a Unix socket that the broker creates.
    package var unixMode: UInt32 = 0o660
    /// The owner of such a socket; nil for the process's own user and group.
    package var unixOwner: UnixSocketOwner?
    /// Whether the path of a socket that another process listens on is taken over.
    package var takesOverUnixSockets = false
    /// Where requests with a field of a proxy are refused.
    package var refuseForwarded = ForwardedRefusal.loopbackFronts
    /// Whether `Host` must be a name of this machine. Only `latchkey dev` sets it.
    package var requiresLoopbackHost = false
    package var url: BrokerURL?
    package var prefix = ""
    package var backend = Backend.parameterStore
    package var secretTTL: Duration = .zero
    package var negativeTTL: Duration = .zero
    package var staleTTL: Duration = .zero
    /// Stores with other TTLs than ``secretTTL`` and ``negativeTTL``. Only the variables of AWS's Lambda extension set them.
    package var ttls: [SecretStore: SecretTTLs] = [:]
    /// The most secrets in memory; nil for the broker's default.
    package var maximumSecrets: Int?
    package var prefetch: [String] = []
    package var tokenExpiryBuffer: Duration = .zero
    /// The token endpoint; nil for `/oauth/token` on the tenant's domain.
    package var tokenEndpoint: TokenEndpoint?
    /// The token profiles, the default one first.
    package var profiles: [ProfileDefinition] = [.defaultProfile]
    /// The path of the profiles file, if any.
    package var profilesPath: String?
    /// The content of the profiles file, without the line end at its end.
    package var profilesText: Secret?
    package var sharedTier = SharedTierChoice.parameterStore
    /// The tier of the parameter that a shared token is written to; never ``ParameterTierChoice/asNeeded``.
    package var tokenParameterTier = ParameterTierChoice.standard
    /// The KMS key of that parameter; nil for the account's default key.
    package var tokenKMSKey: String?
    package var upstreamTimeout: Duration = .zero
    package var ssmMaxTPS = 0
    package var issueBudget = 0
    /// The warm file; nil for none.
    package var warmFile: WarmFileSetting?
    /// Whether the process confines itself (`LATCHKEY_CONFINE`).
    package var isConfined = true
    package var maxConnections = 0
    /// The time after SIGTERM in which `/readyz` is 503 and connections are still accepted. Part of ``drainTimeout``.
    package var drainDelay: Duration = .zero
    /// The most time from SIGTERM to the end of the process.
    package var drainTimeout: Duration = .zero
    package var workers = 1
    package var logLevel = Logger.Level.info
    package var logFormat = LogFormat.json
    /// Where spans are exported to; nil for nowhere.
    package var tracing: TracingSettings?
    /// Nil for no audit log.
    package var audit: AuditSettings?
    package var aws: AWSConfiguration
    /// The proxies for calls to upstreams.
    package var proxies = ProxySettings()
    /// The process's environment, for the credential providers.
    package var environment: [String: String]
    /// The given texts of the settings and their origins.
    package var sources: SettingSources
    /// Warnings about accepted settings.
    package var warnings: [String] = []

    /// The upstreams that get secrets without TLS over a network, as `http://host:port`, each with the setting that names it. A
    /// trace collector is one of them if it gets fields, which may hold a key.
    package var plainUpstreams: [(upstream: String, setting: String)] {
        func isPlain(_ origin: Origin) -> Bool { origin.scheme == .http && !ProxyBypass.isLocal(origin.host) }
        let stores = Set(aws.endpoints.values.map(\.origin).filter(isPlain).map { "http://\($0.authority)" }).sorted()
        let collector = tracing.flatMap {
            $0.fields.isEmpty || !isPlain($0.origin) ? nil : "http://\($0.origin.authority)"
        }
        return stores.map { ($0, "AWS_ENDPOINT_URL") }
            + [collector].compactMap { $0 }.map { ($0, SettingName.tracesEndpoint.rawValue) }
    }

    /// The warning about each of ``plainUpstreams``.
    package static let plainUpstreamWarning =
        "is called without TLS: requests and secrets cross the network unencrypted; use https"

    /// Whether the setting has a value that is not the built-in default.
    package func isGiven(_ name: SettingName) -> Bool {
        sources.given[name].map { $0.origin != .defaultValue } ?? false
    }

    /// Whether one of the listeners accepts connections from other machines.
    package var isBeyondLoopback: Bool {
        (listen + [probeListen].compactMap { $0 }).contains { !$0.isLoopback }
    }
}
