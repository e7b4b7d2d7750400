internal import LatchkeyBroker

/// The table of all settings: name, default, bounds and meaning. Other names are rejected.
///
/// To add a setting:
/// 1. Add a case and its row here.
/// 2. Add a property to ``Settings``.
/// 3. Read and check the value in the `SettingsReader+….swift` of its subject.
/// 4. Add the row to the table in Settings.md and the line to deploy/systemd/latchkey.env; lint and a test compare both with
///    this table.
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
    case tlsClientAuth = "LATCHKEY_TLS_CLIENT_AUTH"
    case unixMode = "LATCHKEY_UNIX_MODE"
    case unixOwner = "LATCHKEY_UNIX_OWNER"
    case unixTakeover = "LATCHKEY_UNIX_TAKEOVER"
    case probeListen = "LATCHKEY_PROBE_LISTEN"
    case refuseForwarded = "LATCHKEY_REFUSE_FORWARDED"
    case confine = "LATCHKEY_CONFINE"
    case maxConnections = "LATCHKEY_MAX_CONNECTIONS"
    case drainDelay = "LATCHKEY_DRAIN_DELAY"
    case drainTimeout = "LATCHKEY_DRAIN_TIMEOUT"
    case workers = "LATCHKEY_WORKERS"
    case logLevel = "LATCHKEY_LOG_LEVEL"
    case logFormat = "LATCHKEY_LOG_FORMAT"
    case auditLog = "LATCHKEY_AUDIT_LOG"
    case auditKey = "LATCHKEY_AUDIT_KEY"
    case auditSync = "LATCHKEY_AUDIT_SYNC"
    case auditOnFailure = "LATCHKEY_AUDIT_ON_FAILURE"
    case warmFile = "LATCHKEY_WARM_FILE"
    case warmKey = "LATCHKEY_WARM_KEY"
    case warmMaxAge = "LATCHKEY_WARM_MAX_AGE"
    case tracesEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT"
    case tracesHeaders = "OTEL_EXPORTER_OTLP_HEADERS"
    case tracesService = "OTEL_SERVICE_NAME"

    /// The row of the setting.
    package var row: SettingRow {
        switch self {
        case .listen:
            SettingRow(
                defaultValue: "127.0.0.1:8700",
                meaning:
                    "comma list of `host:port` (`localhost` is every address it has), `[v6]:port`, `unix:/path`, `systemd` (socket activation); beyond loopback the key needs 32 bytes"
            )
        case .config:
            SettingRow(
                meaning:
                    "path of the settings file: `NAME=value` lines, read where systemd's EnvironmentFile and dotenv agree, refused with the line where they do not"
            )
        case .url:
            SettingRow(
                meaning:
                    "for the client commands: a running broker's address, `http://host:port`, `https://host:port` or `unix:/path`"
            )
        case .apiKey: SettingRow(meaning: "the internal bearer key, 16 bytes or more", isSecret: true)
        case .callersFile:
            SettingRow(
                meaning:
                    "path of a JSON file of callers, their credentials and what they may have; followed")
        case .prefix:
            SettingRow(
                defaultValue: "/your-app/dev",
                meaning: "parameter path; blob is `<prefix>/secrets`, token cache `<prefix>/auth0-cache/`")
        case .secretsBackend:
            SettingRow(
                defaultValue: "parameter-store",
                meaning:
                    "`parameter-store`, `secrets-manager`, `shadow` (serves Secrets Manager, compares Parameter Store) or `auto` (follows `<prefix>/latchkey/backend`); `USE_PARAMETER_STORE=true` selects `parameter-store`, and `false` selects `secrets-manager`"
            )
        case .secretTTL:
            SettingRow(defaultValue: "300", bounds: 0...86_400, meaning: "seconds a secret is fresh, {bounds}")
        case .negativeTTL:
            SettingRow(
                defaultValue: "60", bounds: 0...86_400,
                meaning: "seconds a secret that does not exist counts as absent, {bounds}")
        case .staleTTL:
            SettingRow(
                defaultValue: "3600", bounds: 0...604_800,
                meaning: "seconds a secret is served after its TTL while the store fails, {bounds}")
        case .prefetch:
            SettingRow(defaultValue: "secrets", meaning: "comma list of secrets fetched at start; empty for none")
        case .tokenExpiryBuffer:
            SettingRow(
                defaultValue: String(ExpiryBuffer.standard.configured.components.seconds), bounds: 0...86_400,
                meaning:
                    "seconds before its expiry that a token is due for refresh, {bounds}, at most 20 % of its lifetime")
        case .profilesFile: SettingRow(meaning: "path of a JSON file of named token profiles")
        case .auth0Domain: SettingRow(meaning: "the tenant's domain; from the blob if unset")
        case .auth0ClientID: SettingRow(meaning: "the application's client id; from the blob if unset")
        case .auth0ClientSecret:
            SettingRow(meaning: "the application's client secret; from the blob if unset", isSecret: true)
        case .auth0Audience: SettingRow(meaning: "the API's identifier; from the blob if unset")
        case .auth0TokenURL:
            SettingRow(
                meaning: "token endpoint, default `https://<domain>/oauth/token`; plain `http` only for loopback")
        case .sharedTier:
            SettingRow(
                defaultValue: "parameter-store",
                meaning: "where replicas share tokens: `parameter-store`, `dynamodb:<table>` or `none`")
        case .upstreamTimeout:
            SettingRow(
                defaultValue: "5", bounds: 1...60,
                meaning: "seconds for one upstream request, {bounds}; a caller waits at most twice that")
        case .ssmMaxTPS:
            SettingRow(
                defaultValue: "20", bounds: 1...10_000, meaning: "the most Parameter Store calls in a second, {bounds}")
        case .issueBudget:
            SettingRow(
                defaultValue: "60", bounds: 1...100_000,
                meaning: "the most requests to the issuer in any hour for one profile, {bounds}")
        case .tokenParameterTier:
            SettingRow(
                defaultValue: "standard",
                meaning:
                    "tier of the parameter that a shared token is written to: `standard` (4096 bytes), `advanced` or `intelligent-tiering` (8192)"
            )
        case .tokenKMSKey:
            SettingRow(
                meaning:
                    "KMS key of that parameter, an id, ARN or alias; without one the account's default key, `alias/aws/ssm`"
            )
        case .httpsProxy:
            SettingRow(
                meaning:
                    "proxy for calls to `https` upstreams, `http://[user:password@]host[:port]`; never for loopback, metadata, container or broker addresses; `https_proxy` wins"
            )
        case .httpProxy: SettingRow(meaning: "proxy for calls to `http` upstreams, in the same form; `http_proxy` wins")
        case .noProxy:
            SettingRow(
                meaning:
                    "comma list of hosts that are called without a proxy, each with its subdomains; `*` is all hosts"
            )
        case .tlsCert:
            SettingRow(
                meaning:
                    "comma list of certificate chains in PEM, to serve TLS 1.2 and 1.3 on every TCP listener; a caller gets the one for the name it asks for (SNI), else the first; the files are followed"
            )
        case .tlsKey: SettingRow(meaning: "comma list of their private keys in PEM, in the same order; followed")
        case .tlsClientCA:
            SettingRow(
                meaning:
                    "certificates in PEM that callers' certificates must lead to; with it callers are asked for one; followed"
            )
        case .tlsClientAuth:
            SettingRow(
                defaultValue: "request",
                meaning: "`request` or `require` a caller's certificate; needs `LATCHKEY_TLS_CLIENT_CA`")
        case .unixMode:
            SettingRow(
                defaultValue: "0660",
                meaning:
                    "permissions of a Unix socket that the broker creates, three octal digits after an optional `0`"
            )
        case .unixOwner:
            SettingRow(
                meaning:
                    "owner of such a socket, `user`, `user:group` or `:group`, names or ids; default the user and group of the process"
            )
        case .unixTakeover:
            SettingRow(
                defaultValue: "false",
                meaning:
                    "`true` takes the path of a live broker over by rename; with `false` a socket that a process listens on is refused"
            )
        case .probeListen:
            SettingRow(
                meaning:
                    "one more listener, plain, with `/livez`, `/readyz` and, with a key, `/metrics` alone: `host:port`, `[v6]:port` or `unix:/path`; 32 connections at most"
            )
        case .refuseForwarded:
            SettingRow(
                defaultValue: "loopback-fronts",
                meaning:
                    "where requests with `X-Forwarded-For`, `Forwarded` or `Via` are refused: `loopback-fronts` (the AWS routes, on loopback and Unix sockets), `fronts` (the AWS routes), `all` or `off`"
            )
        case .confine:
            SettingRow(
                defaultValue: "true",
                meaning:
                    "`true` or `false`: restrict the process with Landlock and seccomp to what its settings need, where the kernel has them"
            )
        case .maxConnections:
            SettingRow(
                defaultValue: "8192", bounds: 1...1_000_000,
                meaning: "the most connections at the same time, {bounds}; further ones get 503")
        case .drainDelay:
            SettingRow(
                defaultValue: "0", bounds: 0...3600,
                meaning:
                    "seconds after SIGTERM in which `/readyz` is 503 and connections are still accepted, {bounds}; part of `LATCHKEY_DRAIN_TIMEOUT` and smaller than it"
            )
        case .drainTimeout:
            SettingRow(
                defaultValue: "20", bounds: 0...3600, meaning: "the most seconds from SIGTERM to exit, {bounds}")
        case .workers: SettingRow(bounds: 1...256, meaning: "event loops, {bounds}; default one for each core")
        case .logLevel:
            SettingRow(
                defaultValue: "info", meaning: "`trace`, `debug`, `info`, `notice`, `warning`, `error` or `critical`")
        case .logFormat: SettingRow(defaultValue: "json", meaning: "`json` or `text`, to stderr")
        case .auditLog:
            SettingRow(
                meaning:
                    "path, or `stderr`: one JSON line for each access, in hash chains; the file is created with mode 0600 and opened again when it is renamed"
            )
        case .auditKey:
            SettingRow(
                meaning:
                    "Ed25519 private key in PEM that signs the checkpoints of the audit log; give it as `file:/path`",
                isSecret: true)
        case .auditSync:
            SettingRow(
                defaultValue: "false",
                meaning: "`true` syncs each write of the audit log to the disk before the answers leave")
        case .auditOnFailure:
            SettingRow(
                defaultValue: "refuse",
                meaning:
                    "when an audit line cannot be written: `refuse` the request (503 `audit_unavailable`), or `count` the line and go on"
            )
        case .warmFile:
            SettingRow(
                meaning:
                    "path of the sealed file with the last good secrets and tokens, for a start while the upstreams are down; needs `LATCHKEY_WARM_KEY`"
            )
        case .warmKey:
            SettingRow(
                meaning: "its key, `file:/path`: 32 random bytes, as they are, in hexadecimal or in base64",
                isSecret: true)
        case .warmMaxAge:
            SettingRow(
                defaultValue: "3600", bounds: 1...604_800,
                meaning: "seconds after its last successful read that an item of the file is served, {bounds}")
        case .tracesEndpoint:
            SettingRow(
                meaning:
                    "URL of an OpenTelemetry collector, `http://host:4318`: requests of recorded traces become spans, sent to `/v1/traces` below it"
            )
        case .tracesHeaders:
            SettingRow(
                meaning: "comma list of `name=value` fields for the collector, values percent-encoded", isSecret: true)
        case .tracesService: SettingRow(defaultValue: "latchkey", meaning: "`service.name` of the spans")
        }
    }
}
