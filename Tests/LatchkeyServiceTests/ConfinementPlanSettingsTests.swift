import LatchkeyConfine
import LatchkeySettings
import LatchkeyUpstream
import Testing

@testable import LatchkeyService

@Suite struct ConfinementPlanSettingsTests {
    private static let base = [
        "LATCHKEY_API_KEY": "0123456789abcdef-x", "AWS_REGION": "eu-central-1", "HOME": "/home/ana",
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret",
    ]

    private func plan(_ given: [String: String], config: String? = nil, files: [String: String] = [:]) throws
        -> ConfinementPlan
    {
        let read: (String) -> SharedFileContent = { SharedFileContent($0 == "/home/ana/.aws/config" ? config : nil) }
        let settings = try Settings.load(
            environment: Self.base.merging(given) { $1 }.filter { !$0.value.isEmpty }, need: .server, processors: 1,
            readSharedFile: read, readFile: { files[$0] })
        return ConfinementPlan(settings, readSharedFile: read, link: { _ in nil })
    }

    @Test func onlyTheSystemAndTheSharedFilesAreReadWithoutFurtherSettings() throws {
        let places = try plan([:]).places
        #expect(places["/etc"] == .read)
        #expect(places["/proc"] == .read)
        #expect(places["/home/ana/.aws"] == .read)
        #expect(places["/dev/null"] == [.read, .write])
        #expect(places.filter { $0.value.contains(.write) }.count == 1)
        #expect(places.values.allSatisfy { !$0.contains(.execute) })
        #expect(places["/"] == nil && places["/home/ana"] == nil)
    }

    @Test func eachNamedFileOpensItsFolder() throws {
        let files = [
            "/keys/api": "0123456789abcdef-y", "/config/latchkey.env": "LATCHKEY_PREFIX=/a/b\n",
            "/profiles/p.json": """
            [{"name": "orders", "kind": "oauth2", "token_url": "https://issuer.example/token", "client_id": "a",
              "client_secret": "file:/secrets/orders"}]
            """,
        ]
        let given = [
            "LATCHKEY_API_KEY": "file:/keys/api", "LATCHKEY_CONFIG": "/config/latchkey.env",
            "LATCHKEY_PROFILES_FILE": "/profiles/p.json", "LATCHKEY_TLS_CERT": "/tls/a/cert.pem,/tls/b/cert.pem",
            "LATCHKEY_TLS_KEY": "/tls/a/key.pem,/tls/keys/b.pem", "LATCHKEY_TLS_CLIENT_CA": "/authorities/ca.pem",
            "SSL_CERT_FILE": "/trust/ca.pem", "SSL_CERT_DIR": "/trust/one:/trust/two", "AWS_CA_BUNDLE": "/aws/ca.pem",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/container/token",
        ]
        let places = try plan(given, files: files).places
        for folder in [
            "/keys", "/config", "/profiles", "/secrets", "/tls/a", "/tls/b", "/tls/keys", "/authorities", "/trust",
            "/trust/one", "/trust/two", "/aws", "/container",
        ] {
            #expect(places[folder] == .read, "\(folder)")
        }
    }

    @Test func theFolderOfAUnixSocketTakesSocketsAndNoFiles() throws {
        #expect(try plan(["LATCHKEY_LISTEN": "unix:/run/latchkey/a.sock"]).places["/run/latchkey"] == .sockets)
    }

    private static let withoutKeys = ["AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""]

    @Test func theTokenFileOfARoleIsRead() throws {
        let config = """
            [default]
            role_arn = arn:aws:iam::123456789012:role/a
            source_profile = pod
            [profile pod]
            role_arn = arn:aws:iam::123456789012:role/b
            web_identity_token_file = /run/pod/token
            """
        #expect(try plan(Self.withoutKeys, config: config).places["/run/pod"] == .read)
    }

    @Test func theCacheOfSingleSignOnIsWritten() throws {
        let config = """
            [default]
            sso_session = corp
            sso_account_id = 123456789012
            sso_role_name = reader
            [sso-session corp]
            sso_region = eu-central-1
            sso_start_url = https://corp.awsapps.com/start
            """
        let plan = try plan(Self.withoutKeys, config: config)
        #expect(plan.places["/home/ana/.aws/sso/cache"] == [.read, .write])
        #expect(!plan.allowsExecution)
    }

    private static let process = "[default]\ncredential_process = /opt/tool/keys --json\n"

    @Test func programsMayBeRunForCredentialProcess() throws {
        let plan = try plan(Self.withoutKeys.merging(["PATH": "/bin:/custom/bin"]) { $1 }, config: Self.process)
        #expect(plan.allowsExecution)
        #expect(plan.places["/opt/tool"] == [.read, .execute])
        #expect(plan.places["/custom/bin"] == [.read, .execute])
        #expect(plan.places["/home/ana"]?.contains(.write) == true)
        #expect(plan.places["/"] == nil)
    }

    @Test func aCredentialProcessThatIsNeverAskedAllowsNoPrograms() throws {
        #expect(try !plan([:], config: Self.process).allowsExecution)
    }

    @Test func onlyAnAbstractNotifySocketOpensAbstractSockets() throws {
        #expect(try plan(["NOTIFY_SOCKET": "@systemd"]).allowsAbstractSockets)
        #expect(try !plan(["NOTIFY_SOCKET": "/run/systemd/notify"]).allowsAbstractSockets)
    }
}
