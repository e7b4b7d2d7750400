/// The strict table of settings: every name there is, its default and its meaning. What is not here is refused.
package enum SettingName: String, CaseIterable, Sendable {
    case listen = "LATCHKEY_LISTEN"
    case config = "LATCHKEY_CONFIG"
    case url = "LATCHKEY_URL"
    case apiKey = "LATCHKEY_API_KEY"
    case callersFile = "LATCHKEY_CALLERS_FILE"
    case prefix = "LATCHKEY_PREFIX"
    case secretsBackend = "LATCHKEY_SECRETS_BACKEND"
    case secretTTL = "LATCHKEY_SECRET_TTL"
    case negativeTTL = "LATCHKEY_NEGATIVE_TTL"
    case staleTTL = "LATCHKEY_STALE_TTL"
    case prefetch = "LATCHKEY_PREFETCH"
    case tokenExpiryBuffer = "LATCHKEY_TOKEN_EXPIRY_BUFFER"
    case profilesFile = "LATCHKEY_PROFILES_FILE"
    case auth0Domain = "AUTH0_DOMAIN"
    case auth0ClientID = "AUTH0_CLIENT_ID"
    case auth0ClientSecret = "AUTH0_CLIENT_SECRET"
    case auth0Audience = "AUTH0_AUDIENCE"
    case auth0TokenURL = "LATCHKEY_AUTH0_TOKEN_URL"
    case sharedTier = "LATCHKEY_SHARED_TIER"
    case upstreamTimeout = "LATCHKEY_UPSTREAM_TIMEOUT"
    case ssmMaxTPS = "LATCHKEY_SSM_MAX_TPS"
    case issueBudget = "LATCHKEY_ISSUE_BUDGET_PER_HOUR"
    case tokenParameterTier = "LATCHKEY_TOKEN_PARAMETER_TIER"
    case tokenKMSKey = "LATCHKEY_TOKEN_KMS_KEY"
    case httpsProxy = "HTTPS_PROXY"
    case httpProxy = "HTTP_PROXY"
    case noProxy = "NO_PROXY"
    case tlsCert = "LATCHKEY_TLS_CERT"
    case tlsKey = "LATCHKEY_TLS_KEY"
    case tlsClientCA = "LATCHKEY_TLS_CLIENT_CA"
    case maxConnections = "LATCHKEY_MAX_CONNECTIONS"
    case drainDelay = "LATCHKEY_DRAIN_DELAY"
    case drainTimeout = "LATCHKEY_DRAIN_TIMEOUT"
    case workers = "LATCHKEY_WORKERS"
    case logLevel = "LATCHKEY_LOG_LEVEL"
    case logFormat = "LATCHKEY_LOG_FORMAT"
    case auditLog = "LATCHKEY_AUDIT_LOG"

    /// One row of the table.
    package struct Row: Sendable {
        /// The value where none is given; nil for none at all.
        package var standard: String?
        /// For people: what it means, with units and bounds.
        package var meaning: String
        /// Shown as `<secret>`.
        package var isSecret = false
        /// What it asks for comes with a later version: a value is refused rather than ignored.
        package var isReserved = false
    }

    /// The setting's row.
    package var row: Row {
        switch self {
        case .listen:
            Row(
                standard: "127.0.0.1:8700",
                meaning:
                    "comma list of `host:port` (`localhost` is every address it has), `[v6]:port`, `unix:/path`, `systemd` (socket activation); beyond loopback the key needs 32 bytes"
            )
        case .config:
            Row(
                meaning:
                    "path of the settings file: `NAME=value` lines, read where systemd's EnvironmentFile and dotenv agree, refused with the line where they do not"
            )
        case .url:
            Row(
                meaning:
                    "for the client commands: a running broker's address, `http://host:port`, `https://host:port` or `unix:/path`"
            )
        case .apiKey: Row(meaning: "the internal bearer key, 16 bytes or more", isSecret: true)
        case .callersFile: Row(meaning: "callers with scopes (reserved: not in this version)", isReserved: true)
        case .prefix:
            Row(
                standard: "/your-app/dev",
                meaning: "parameter path; blob is `<prefix>/secrets`, token cache `<prefix>/auth0-cache/`")
        case .secretsBackend:
            Row(
                standard: "parameter-store",
                meaning:
                    "`parameter-store`, `secrets-manager`, `shadow` (serves Secrets Manager, compares Parameter Store) or `auto` (follows `<prefix>/latchkey/backend`); `USE_PARAMETER_STORE=true/false` is understood as the first two"
            )
        case .secretTTL: Row(standard: "300", meaning: "seconds a secret is fresh, 0 to 86400")
        case .negativeTTL: Row(standard: "60", meaning: "seconds a known absence is believed, 0 to 86400")
        case .staleTTL:
            Row(standard: "3600", meaning: "seconds a secret outlives its TTL while the store fails, 0 to 604800")
        case .prefetch: Row(standard: "secrets", meaning: "comma list of secrets fetched at start; empty for none")
        case .tokenExpiryBuffer:
            Row(
                standard: "300",
                meaning: "seconds before expiry that a token counts as due, never over 20 % of its lifetime")
        case .profilesFile: Row(meaning: "path of a JSON file of named token profiles")
        case .auth0Domain: Row(meaning: "the tenant's domain; from the blob where unset")
        case .auth0ClientID: Row(meaning: "the application's client id; from the blob where unset")
        case .auth0ClientSecret:
            Row(meaning: "the application's client secret; from the blob where unset", isSecret: true)
        case .auth0Audience: Row(meaning: "the API's identifier; from the blob where unset")
        case .auth0TokenURL:
            Row(meaning: "token endpoint, default `https://<domain>/oauth/token`; plain `http` for loopback alone")
        case .sharedTier:
            Row(
                standard: "parameter-store",
                meaning: "where replicas share tokens: `parameter-store`, `dynamodb:<table>` or `none`")
        case .upstreamTimeout:
            Row(standard: "5", meaning: "seconds for one upstream request, 1 to 60; a caller waits at most twice that")
        case .ssmMaxTPS: Row(standard: "20", meaning: "most Parameter Store calls a second, 1 to 10000")
        case .issueBudget:
            Row(standard: "60", meaning: "most requests to the issuer in any hour for one profile, 1 to 100000")
        case .tokenParameterTier:
            Row(
                standard: "standard",
                meaning:
                    "tier of the parameter that a shared token is written to: `standard` (4096 bytes), `advanced` or `intelligent-tiering` (8192)"
            )
        case .tokenKMSKey:
            Row(
                meaning:
                    "KMS key of that parameter, an id, ARN or alias; without one the account's default key, `alias/aws/ssm`"
            )
        case .httpsProxy:
            Row(
                meaning:
                    "proxy for calls to `https` upstreams, `http://[user:password@]host[:port]`; never for loopback, metadata, container or broker addresses; `https_proxy` wins"
            )
        case .httpProxy: Row(meaning: "proxy for calls to `http` upstreams, likewise; `http_proxy` wins")
        case .noProxy:
            Row(
                meaning: "comma list of hosts that no proxy is used for, each with all names below it; `*` is all hosts"
            )
        case .tlsCert: Row(meaning: "serve TLS: certificate chain (reserved: not in this version)", isReserved: true)
        case .tlsKey: Row(meaning: "serve TLS: private key (reserved: not in this version)", isReserved: true)
        case .tlsClientCA: Row(meaning: "mutual TLS: callers' CA (reserved: not in this version)", isReserved: true)
        case .maxConnections: Row(standard: "8192", meaning: "connections at once, 1 to 1000000; past it 503")
        case .drainDelay:
            Row(
                standard: "0",
                meaning:
                    "seconds after SIGTERM in which `/readyz` is 503 and connections are still accepted, 0 to 3600; part of `LATCHKEY_DRAIN_TIMEOUT` and smaller than it"
            )
        case .drainTimeout: Row(standard: "20", meaning: "seconds from SIGTERM to exit at the most, 0 to 3600")
        case .workers: Row(meaning: "event loops, 1 to 256; default one for each core")
        case .logLevel:
            Row(standard: "info", meaning: "`trace`, `debug`, `info`, `notice`, `warning`, `error` or `critical`")
        case .logFormat: Row(standard: "json", meaning: "`json` or `text`, to stderr")
        case .auditLog: Row(meaning: "audit lines (reserved: not in this version)", isReserved: true)
        }
    }

    /// Names that may be written instead.
    static let aliases: [String: SettingName] = [
        "LATCHKEY_SECRET_NEGATIVE_TTL": .negativeTTL, "LATCHKEY_SECRET_STALE_TTL": .staleTTL,
    ]

    /// The settings that name proxies, by what ``ProxyVariables`` calls them. Their names count in any case.
    static let proxies: [String: SettingName] = ["https": .httpsProxy, "http": .httpProxy, "no": .noProxy]

    /// The setting of that name or alias.
    static func named(_ name: String) -> SettingName? { SettingName(rawValue: name) ?? aliases[name] }

    /// The known name nearest to a mistyped one, when it is near enough to be meant.
    static func nearest(to name: String) -> SettingName? {
        let scored = allCases.map { ($0, distance(name, $0.rawValue)) }
        return scored.min { $0.1 < $1.1 }.flatMap { $0.1 <= 3 ? $0.0 : nil }
    }

    /// Insertions, deletions and substitutions from one name to the other.
    private static func distance(_ left: String, _ right: String) -> Int {
        let right = Array(right.utf8)
        var row = Array(0...right.count)
        for (index, byte) in left.utf8.enumerated() {
            var previous = row[0]
            row[0] = index + 1
            for column in right.indices {
                let cost = previous + (byte == right[column] ? 0 : 1)
                previous = row[column + 1]
                row[column + 1] = min(cost, previous + 1, row[column] + 1)
            }
        }
        return row[right.count]
    }
}
