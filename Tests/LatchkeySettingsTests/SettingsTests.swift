import LatchkeyCore
import LatchkeyCrypto
import LatchkeyHTTP
import LatchkeyNet
import LatchkeySettings
import LatchkeyUpstream
import Logging
import Testing

@Suite struct SettingsTests {
    private static let key = "k3y-of-thirty-two-bytes-or-more-0123"

    private func load(
        _ environment: [String: String] = [:], flags: [SettingName: String] = [:], files: [String: String] = [:],
        need: Settings.Need = .server
    ) throws(SettingsError) -> Settings {
        var all = ["LATCHKEY_API_KEY": Self.key, "AWS_REGION": "eu-central-1"]
        for (name, value) in environment { all[name] = value }
        return try Settings.load(flags: flags, environment: all, need: need, processors: 4) { files[$0] }
    }

    private func problems(
        _ environment: [String: String] = [:], flags: [SettingName: String] = [:], files: [String: String] = [:]
    ) -> [String] {
        do throws(SettingsError) {
            _ = try load(environment, flags: flags, files: files)
            return []
        } catch {
            return error.lines
        }
    }

    @Test func `Only a key and a region are required, and every default is the documented one`() throws {
        let settings = try load()
        #expect(settings.listen.map(\.description) == ["127.0.0.1:8700"])
        #expect(settings.prefix == "/your-app/dev")
        #expect(settings.backend == .parameterStore)
        #expect(settings.secretTTL == .seconds(300) && settings.negativeTTL == .seconds(60))
        #expect(settings.staleTTL == .seconds(3600) && settings.tokenExpiryBuffer == .seconds(300))
        #expect(settings.upstreamTimeout == .seconds(5) && settings.drainTimeout == .seconds(20))
        #expect(settings.drainDelay == .zero)
        #expect(settings.prefetch == ["secrets"] && settings.maxConnections == 8192 && settings.workers == 4)
        #expect(settings.logFormat == .json && settings.logLevel == .info && settings.sharedTier == .parameterStore)
    }

    @Test(arguments: [
        ("LATCHKEY_LISTEN", "localhost"), ("LATCHKEY_LISTEN", "127.0.0.1:99999"), ("LATCHKEY_LISTEN", "example.com:80"),
        ("LATCHKEY_LISTEN", ","), ("LATCHKEY_LISTEN", "unix:relative.sock"), ("LATCHKEY_LISTEN", "[127.0.0.1]:80"),
        ("LATCHKEY_LISTEN", "[localhost]:80"), ("LATCHKEY_LISTEN", "unix:/" + String(repeating: "s", count: 107)),
        ("LATCHKEY_URL", "unix:relative.sock"), ("LATCHKEY_URL", "unix:"), ("LATCHKEY_URL", "unix:/"),
        ("LATCHKEY_URL", "unix:/" + String(repeating: "s", count: 107)), ("LATCHKEY_URL", "localhost:8700"),
        ("LATCHKEY_PREFIX", "no-slash"), ("LATCHKEY_PREFIX", "/a//b"),
        ("LATCHKEY_PREFIX", "/aws/x"), ("LATCHKEY_PREFIX", "/SSM-x"), ("LATCHKEY_PREFIX", "/a b"),
        ("LATCHKEY_PREFIX", "/1/2/3/4/5/6/7/8/9/10/11/12/13"), ("LATCHKEY_PREFIX", "/"),
        ("LATCHKEY_PREFETCH", "db pass"), ("LATCHKEY_SECRETS_BACKEND", "vault"), ("LATCHKEY_SECRETS_BACKEND", "Auto"),
        ("LATCHKEY_SECRET_TTL", "-1"), ("LATCHKEY_SECRET_TTL", "5m"),
        ("LATCHKEY_NEGATIVE_TTL", "1.5"), ("LATCHKEY_STALE_TTL", "99999999999999999999"),
        ("LATCHKEY_PREFETCH", "a,../b"), ("LATCHKEY_TOKEN_EXPIRY_BUFFER", "x"), ("LATCHKEY_SHARED_TIER", "redis"),
        ("LATCHKEY_TOKEN_PARAMETER_TIER", "as-needed"), ("LATCHKEY_TOKEN_PARAMETER_TIER", "Advanced"),
        ("LATCHKEY_TOKEN_KMS_KEY", "a key"), ("LATCHKEY_SHARED_TIER", "dynamodb:"),
        ("LATCHKEY_SHARED_TIER", "dynamodb:a b c"),
        ("LATCHKEY_UPSTREAM_TIMEOUT", "0"),
        ("LATCHKEY_UPSTREAM_TIMEOUT", "61"), ("LATCHKEY_SSM_MAX_TPS", "0"), ("LATCHKEY_ISSUE_BUDGET_PER_HOUR", "0"),
        ("LATCHKEY_MAX_CONNECTIONS", "0"), ("LATCHKEY_DRAIN_TIMEOUT", "-1"), ("LATCHKEY_DRAIN_DELAY", "20"),
        ("LATCHKEY_DRAIN_DELAY", "1.5"), ("LATCHKEY_WORKERS", "0"),
        ("LATCHKEY_LOG_LEVEL", "loud"), ("LATCHKEY_LOG_FORMAT", "xml"), ("LATCHKEY_URL", "ftp://h"),
        ("LATCHKEY_AUTH0_TOKEN_URL", "http://issuer.example/oauth/token"), ("AUTH0_DOMAIN", "no domain/"),
        ("LATCHKEY_CALLERS_FILE", "/x"), ("LATCHKEY_TLS_CERT", "/x"),
        ("LATCHKEY_TLS_KEY", "/x"), ("LATCHKEY_TLS_CLIENT_CA", "/x"), ("LATCHKEY_AUDIT_KEY", "no key"),
        ("LATCHKEY_AUDIT_SYNC", "yes"), ("LATCHKEY_AUDIT_ON_FAILURE", "ignore"),
        ("LATCHKEY_TLS_CLIENT_AUTH", "require"), ("LATCHKEY_TLS_CLIENT_AUTH", "maybe"),
        ("USE_PARAMETER_STORE", "yes"), ("AWS_MAX_ATTEMPTS", "none"),
    ])
    func `An invalid value is rejected with the setting's name`(name: String, value: String) {
        let found = problems([name: value])
        #expect(found.count == 1 && found[0].hasPrefix("\(name): "), "\(found)")
    }

    @Test func `The meaning of a number has its bounds`() {
        for name in SettingName.allCases {
            guard let bounds = name.row.bounds else { continue }
            #expect(name.row.meaning.contains("\(bounds.lowerBound) to \(bounds.upperBound)"), "\(name)")
            #expect(name.row.defaultValue.map { Int($0).map(bounds.contains) ?? false } ?? true, "\(name)")
        }
    }

    @Test(arguments: [("5", "4", false), ("5", "5", false), ("5", "6", true), ("0", "0", true), ("0", "1", true)])
    func `The drain delay must be smaller than the drain timeout`(
        delay: String, timeout: String, isAccepted: Bool
    ) {
        let found = problems(["LATCHKEY_DRAIN_DELAY": delay, "LATCHKEY_DRAIN_TIMEOUT": timeout])
        #expect(found.isEmpty == isAccepted, "\(found)")
        #expect(isAccepted || found[0].contains("LATCHKEY_DRAIN_TIMEOUT"))
    }

    @Test(
        arguments: [
            ("localhost:80", ["127.0.0.1:80", "[::1]:80"]), ("LOCALHOST.:80", ["127.0.0.1:80", "[::1]:80"]),
            ("*:80", ["0.0.0.0:80", "[::]:80"]), (":80", ["0.0.0.0:80", "[::]:80"]), ("[::1]:80", ["[::1]:80"]),
            ("127.0.0.1:80, unix:/run/l.sock", ["127.0.0.1:80", "unix:/run/l.sock"]),
            (" unix:/run/a b.sock ,, [::1]:80", ["unix:/run/a b.sock", "[::1]:80"]),
        ] as [(String, [String])])
    func `A host name stands for all its addresses`(
        listen: String, addresses: [String]
    ) throws {
        #expect(try load(["LATCHKEY_LISTEN": listen]).listen.flatMap(\.addresses).map(\.description) == addresses)
    }

    @Test func `Sockets from systemd are added to the others, and only the service asks for them`() throws {
        let any = try #require(SocketAddress(literal: "0.0.0.0", port: 80))
        let passed = InheritedSocket(descriptor: 3, address: any)
        func load(_ key: String, _ sockets: [InheritedSocket], _ need: Settings.Need = .server) throws -> Settings {
            try Settings.load(
                environment: [
                    "LATCHKEY_API_KEY": key, "AWS_REGION": "eu-central-1", "LATCHKEY_LISTEN": "systemd,127.0.0.1:1",
                ], need: need, processors: 1, inherited: { sockets }
            ) { _ in nil }
        }
        let settings = try load(Self.key, [passed])
        #expect(settings.listen.last == .inherited(passed) && settings.listen.count == 2)
        #expect(settings.isBeyondLoopback)
        #expect(throws: SettingsError.self) { try load("sixteen-bytes-ok!", [passed]) }
        #expect(throws: SettingsError.self) { try load(Self.key, []) }
        #expect(try load(Self.key, [], .client).listen.count == 1)
    }

    @Test(
        arguments: [
            ("http://127.0.0.1:8700", "127.0.0.1:8700", "", nil),
            ("https://broker.example/", "broker.example", "", nil),
            ("https://broker.example/latchkey/", "broker.example", "/latchkey", nil),
            ("unix:/run/latchkey/broker.sock", "localhost", "", "/run/latchkey/broker.sock"),
        ] as [(String, String, String, String?)])
    func `A broker has a URL or a Unix socket`(
        text: String, authority: String, base: String, path: String?
    ) throws {
        let url = try #require(try load(["LATCHKEY_URL": text]).url)
        #expect(url.description == text)
        #expect((url.origin.authority, url.base, url.origin.socketPath) == (authority, base, path))
    }

    @Test(arguments: [
        "", "tiny-key", "0123456789abcde", "changeme-changeme", "password12345678", "with a space in it 1",
    ])
    func `A weak key is rejected and not shown`(key: String) {
        let found = problems(["LATCHKEY_API_KEY": key])
        #expect(found.count == 1 && found[0].hasPrefix("LATCHKEY_API_KEY "))
        #expect(key.isEmpty || !found[0].contains(key))
    }

    @Test func `A key with a line end is rejected, but a file may end in one`() throws {
        #expect(problems(["LATCHKEY_API_KEY": Self.key + "\n"]).count == 1)
        let settings = try load(["LATCHKEY_API_KEY": "file:/run/key"], files: ["/run/key": Self.key + "\n"])
        #expect(settings.apiKey == Secret(Self.key))
    }

    @Test func `Beyond loopback the key needs 32 bytes, and plain HTTP causes a warning`() throws {
        let sixteen = "d8f3a0b1c2e4f596"
        #expect(problems(["LATCHKEY_API_KEY": sixteen]).isEmpty)
        #expect(problems(["LATCHKEY_API_KEY": sixteen, "LATCHKEY_LISTEN": "0.0.0.0:1"]).count == 1)
        #expect(try load(["LATCHKEY_LISTEN": "[::]:1"]).warnings.count == 1)
        #expect(try load(["LATCHKEY_LISTEN": "unix:/run/l.sock,[::1]:2"]).warnings.isEmpty)
    }

    @Test func `A server needs a key, and a client command does not`() throws {
        #expect(throws: SettingsError.self) {
            try Settings.load(environment: ["AWS_REGION": "r"], need: .server, processors: 1) { _ in nil }
        }
        let client = try Settings.load(environment: ["AWS_REGION": "r"], need: .client, processors: 1) { _ in nil }
        #expect(client.apiKey == nil)
    }

    @Test func `Only commands that call AWS need a region`() throws {
        let broker = ["LATCHKEY_URL": "http://broker.example:8700"]
        _ = try Settings.load(environment: broker, need: .client, processors: 1) { _ in nil }
        _ = try Settings.load(environment: [:], need: .broker, processors: 1) { _ in nil }
        #expect(throws: SettingsError.self) {
            try Settings.load(environment: [:], need: .client, processors: 1) { _ in nil }
        }
        #expect(throws: SettingsError.self) {
            try Settings.load(environment: broker, need: .upstreams, processors: 1) { _ in nil }
        }
    }

    @Test func `All problems are reported together`() {
        let found = problems([
            "LATCHKEY_PREFIX": "x", "LATCHKEY_WORKERS": "none", "LATCHKEY_API_KEY": "short", "LATCHKEY_LOG_LEVEL": "x",
            "LATCHKEY_SECRETS_BACKEND": "x",
        ])
        #expect(found.count == 5)
    }

    @Test func `An unknown name is rejected with a suggestion`() {
        #expect(
            problems(["LATCHKEY_SECRETS_BACKENDS": "x"]) == [
                "LATCHKEY_SECRETS_BACKENDS: unknown setting: did you mean LATCHKEY_SECRETS_BACKEND?"
            ])
        #expect(problems(["LATCHKEY_NO_SUCH_THING_AT_ALL": "x"]).first?.hasSuffix("unknown setting") == true)
        #expect(problems(["OTHER_PROGRAMS_NAME": "x"]).isEmpty)
    }

    @Test func `Flags win over the environment, the environment over the file, and the file over the default`() throws {
        let files = ["/etc/l.env": "LATCHKEY_WORKERS=1\nLATCHKEY_PREFIX=/file/x\nLATCHKEY_SECRET_TTL=7\n"]
        let environment = ["LATCHKEY_CONFIG": "/etc/l.env", "LATCHKEY_WORKERS": "2", "LATCHKEY_PREFIX": "/env/x"]
        let settings = try load(environment, flags: [.workers: "3"], files: files)
        #expect(settings.workers == 3 && settings.prefix == "/env/x" && settings.secretTTL == .seconds(7))
        let origins = Dictionary(uniqueKeysWithValues: SettingsReport(settings).lines.map { ($0.name, $0.origin) })
        #expect(origins["LATCHKEY_WORKERS"] == "flag" && origins["LATCHKEY_PREFIX"] == "environment")
        #expect(origins["LATCHKEY_SECRET_TTL"] == "file /etc/l.env" && origins["LATCHKEY_STALE_TTL"] == "default")
    }

    @Test func `A settings file is read like an environment file of systemd or dotenv`() throws {
        let file = """
            # comment
            ; another

            export LATCHKEY_PREFIX="/quoted/path"
              LATCHKEY_LOG_FORMAT = 'text'
            LATCHKEY_WORKERS=5\r
            """
        let unreadable = "cannot read /gone: check that the file exists and that this process may read it"
        let settings = try load(["LATCHKEY_CONFIG": "/f"], files: ["/f": file])
        #expect(settings.prefix == "/quoted/path" && settings.logFormat == .text && settings.workers == 5)
        #expect(problems(["LATCHKEY_CONFIG": "/f"], files: ["/f": "no equals sign"]) == ["/f, line 1: not NAME=value"])
        #expect(problems(["LATCHKEY_CONFIG": "/f"], files: ["/f": "TYPO=1"]) == ["/f, line 1: TYPO: unknown setting"])
        #expect(problems(["LATCHKEY_CONFIG": "/gone"]) == ["LATCHKEY_CONFIG: \(unreadable)"])
        #expect(problems(["LATCHKEY_API_KEY": "file:/gone"]).contains("LATCHKEY_API_KEY: \(unreadable)"))
    }

    @Test func `The file may contain AWS settings, and the environment wins over them`() throws {
        let keys = "AWS_ACCESS_KEY_ID=FROMFILE\nAWS_SECRET_ACCESS_KEY=s\n"
        let files = ["/f": "AWS_REGION=eu-west-3\nAWS_MAX_ATTEMPTS=7\n" + keys]
        let settings = try load(["LATCHKEY_CONFIG": "/f"], files: files)
        #expect(settings.aws.region == "eu-central-1" && settings.aws.retry.maxAttempts == 7)
        #expect(settings.environment["AWS_ACCESS_KEY_ID"] == "FROMFILE")
    }

    @Test func `USE_PARAMETER_STORE is understood, and LATCHKEY_SECRETS_BACKEND wins`() throws {
        #expect(try load(["USE_PARAMETER_STORE": "false"]).backend == .secretsManager)
        #expect(try load(["USE_PARAMETER_STORE": "TRUE"]).backend == .parameterStore)
        let both = ["USE_PARAMETER_STORE": "false", "LATCHKEY_SECRETS_BACKEND": "parameter-store"]
        #expect(try load(both).backend == .parameterStore)
    }

    @Test func `An empty variable counts as unset, except for the key`() throws {
        #expect(try load(["LATCHKEY_PREFIX": "", "AUTH0_DOMAIN": ""]).prefix == "/your-app/dev")
    }

    @Test(arguments: ["one", "one\n", "one\r\n"])
    func `The file of a value may end in a line end`(content: String) throws {
        let settings = try load(["AUTH0_AUDIENCE": "file:/run/aud"], files: ["/run/aud": content])
        #expect(settings.sources.given[.auth0Audience]?.text == "one")
        #expect(settings.sources.given[.auth0Audience]?.readFrom == "/run/aud")
    }

    @Test func `No secret appears in the report`() throws {
        let settings = try load(["AUTH0_CLIENT_SECRET": "auth0-s3cret"])
        let report = SettingsReport(settings)
        for text in [report.text, report.json.text] {
            #expect(!text.contains(Self.key) && !text.contains("auth0-s3cret"))
            #expect(text.contains("<secret>"))
        }
        #expect(
            report.lines.map(\.name).filter { !$0.hasPrefix("AWS_") } == SettingName.allCases.map(\.rawValue))
    }

    @Test func `The report has the AWS variables without their secrets`() throws {
        let aws = [
            "AWS_ACCESS_KEY_ID": "AKIAREPORT", "AWS_SECRET_ACCESS_KEY": "s3cret-one", "AWS_SESSION_TOKEN": "s3cret-two",
            "AWS_ENDPOINT_URL_SSM": "http://127.0.0.1:4566",
        ]
        let files = ["/f": "AWS_MAX_ATTEMPTS=7\n"]
        let report = SettingsReport(try load(aws.merging(["LATCHKEY_CONFIG": "/f"]) { $1 }, files: files))
        let lines = Dictionary(uniqueKeysWithValues: report.lines.map { ($0.name, $0) })
        #expect(lines["AWS_ENDPOINT_URL_SSM"]?.value == "http://127.0.0.1:4566")
        #expect(lines["AWS_ACCESS_KEY_ID"]?.value == "AKIAREPORT" && !report.text.contains("\nAWS_ACCESS_KEY_ID="))
        #expect(lines["AWS_SESSION_TOKEN"]?.value == "<secret>" && !report.text.contains("s3cret"))
        #expect(lines["AWS_MAX_ATTEMPTS"]?.origin == "file /f" && lines["AWS_RETRY_MODE"]?.value == nil)
        #expect(Set(report.lines.map(\.name)).count == report.lines.count)
    }

    @Test func `Settings with problems can still be reported`() {
        let environment = [
            "LATCHKEY_SECRET_TTL": "long", "LATCHKEY_URL": "http://u:pa55word@h", "AWS_REGION": "no region",
        ]
        let (settings, problems) = Settings.examine(
            environment: environment, need: .client, processors: 4, readFile: { _ in nil })
        #expect(
            problems.map { $0.prefix { $0 != ":" } } == ["AWS_REGION", "LATCHKEY_SECRET_TTL", "LATCHKEY_URL"],
            "\(problems)")
        let report = SettingsReport(settings)
        #expect(report.lines.first { $0.name == "LATCHKEY_SECRET_TTL" }?.value == "long")
        #expect(!report.text.contains("pa55word"))
    }
}
