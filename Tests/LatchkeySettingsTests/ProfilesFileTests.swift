import LatchkeyBroker
import LatchkeyCrypto
import LatchkeySettings
import LatchkeyTestSupport
import LatchkeyUpstream
import Testing

@Suite struct ProfilesFileTests {
    private static let base = #""client_id":"i","client_secret":"hush-hush","token_url":"https://id.example/t""#

    @Test func `A profile has the values of the file`() throws {
        let file = ProfilesFile(
            #"""
            [{"name":"orders","kind":"oauth2","token_url":"https://id.example/token","audience":"https://a",
              "scope":"x y","organization":"o","client_id":"secret:orders/id","client_secret":"file:/run/key.pem",
              "client_auth":"private_key_jwt","key_id":"k1","extra":{"resource":"r"}}]
            """#)
        #expect(file.problems.isEmpty)
        #expect(file.profiles.map(\.name) == ["default", "orders"])
        let profile = try #require(file.profiles.last)
        #expect(profile.kind == .oauth2 && profile.endpoint?.description == "https://id.example/token")
        #expect(profile.audience == .given("https://a") && profile.scope == "x y" && profile.organization == "o")
        #expect(profile.clientAuthentication == .privateKeyJWT(keyID: "k1") && profile.extra == ["resource": "r"])
        guard case .secret(let key) = profile.clientID, case .file(path: "/run/key.pem") = profile.clientSecret else {
            Issue.record("the credentials differ from the file")
            return
        }
        #expect(key.name == "orders/id")
    }

    @Test func `token_type and token_status take one value or a list`() {
        let file = ProfilesFile(
            #"""
            [{"name":"a","kind":"auth0","token_type":"N_A","token_status":201},
             {"name":"b","kind":"auth0","token_type":["","x"],"token_status":[200,202]}]
            """#)
        #expect(file.problems.isEmpty)
        #expect(
            file.profiles.dropFirst().map(\.allowance) == [
                TokenResponsePolicy(tokenTypes: ["N_A"], statuses: [201]),
                TokenResponsePolicy(tokenTypes: ["", "x"], statuses: [200, 202]),
            ])
    }

    @Test func `An auth0 profile needs only a name and a kind, and the list may be in an object`() {
        let file = ProfilesFile(#"{"profiles":[{"name":"a","kind":"auth0"},{"name":"B.2_c-d","kind":"auth0"}]}"#)
        #expect(file.problems.isEmpty)
        #expect(file.profiles.map(\.name) == ["default", "a", "B.2_c-d"])
        #expect(file.profiles.first?.audience == .setting)
        #expect(ProfilesFile("[]").profiles.map(\.name) == ["default"])
    }

    @Test func `A profile's identity depends on its tokens, not on the client's authentication`() throws {
        let text = { (more: String) in
            #"[{"name":"p","kind":"oauth2","token_url":"https://id.example/t","client_id":"i","client_secret":"s"\#(more)}]"#
        }
        let identity = { (text: String) in ProfilesFile(text).profiles.last?.identity }
        let plain = try #require(identity(text("")))
        #expect(plain.utf8.count == 16 && ProfilesFile(text("")).problems.isEmpty)
        for (old, new) in [(#""s""#, #""other""#), (#""s""#, #""file:/run/s""#), (#""s""#, #""secret:s""#)] {
            #expect(
                identity(text("").replacing(#""client_secret":\#(old)"#, with: #""client_secret":\#(new)"#)) == plain)
        }
        #expect(identity(text(#","client_auth":"basic""#)) == plain)
        #expect(identity(text("").replacing(#""p""#, with: #""q""#)) == plain)
        let others = [
            text(#","audience":"a""#), text(#","audience":"b""#), text(#","scope":"a""#), text(#","organization":"a""#),
            text(#","extra":{"resource":"a"}"#), text(#","extra":{"resource":"b"}"#),
            text(#","extra":{"a":"resource"}"#),
            text("").replacing("example/t", with: "example/u"), text("").replacing("oauth2", with: "auth0"),
            text("").replacing(#""i""#, with: #""j""#), text("").replacing(#""i""#, with: #""file:/i""#),
            text("").replacing(#""i""#, with: #""secret:i""#),
        ]
        #expect(Set(others.map(identity) + [plain]).count == others.count + 1)
        #expect(ProfileDefinition.defaultProfile.identity == nil)
        #expect(ProfilesFile(#"[{"name":"default","kind":"auth0"}]"#).profiles.first?.identity != nil)
    }

    @Test func `A default profile in the file comes first and replaces that of the settings`() {
        let file = ProfilesFile(
            #"[{"name":"a","kind":"auth0"},{"name":"default","kind":"auth0","audience":"https://d"}]"#)
        #expect(file.profiles.map(\.name) == ["default", "a"])
        #expect(file.profiles.first?.audience == .given("https://d"))
    }

    @Test(arguments: [
        (#"{"name":"p","kind":"oauth2",\#(base),"audiences":"x"}"#, "p: unknown member audiences; known are "),
        (#"{"name":"p","kind":"saml"}"#, "p: kind must be auth0 or oauth2"),
        (#"{"name":"p"}"#, "p: kind must be auth0 or oauth2"),
        (#"{"name":"p","kind":"oauth2","client_id":"i","client_secret":"hush-hush"}"#, "p: token_url is required"),
        (#"{"name":"p","kind":"oauth2","token_url":"https://t/","client_secret":"hush-hush"}"#, "p: client_id is req"),
        (
            #"{"name":"p","kind":"oauth2","token_url":"https://t/","client_id":"","client_secret":"hush-hush"}"#,
            "p: client_id is req"
        ),
        (
            #"{"name":"p","kind":"oauth2","token_url":"https://t/","client_id":"i","client_secret":null}"#,
            "p: client_secret is req"
        ),
        (
            #"{"name":"p","kind":"oauth2","token_url":"","client_id":"i","client_secret":"hush-hush"}"#,
            "p: token_url is req"
        ),
        (#"{"name":"p","kind":"auth0","token_url":"http://id.example/t"}"#, "p: token_url: http would send"),
        (#"{"name":"p","kind":"auth0","token_url":7}"#, "p: token_url must be a string"),
        (#"{"name":"p","kind":"auth0","client_auth":"tls"}"#, "p: client_auth must be"),
        (#"{"name":"p","kind":"auth0","token_type":7}"#, "p: token_type must be a text"),
        (#"{"name":"p","kind":"auth0","token_type":["a b"]}"#, "p: token_type must be a text"),
        (#"{"name":"p","kind":"auth0","token_status":302}"#, "p: token_status must be a number"),
        (#"{"name":"p","kind":"auth0","token_status":"201"}"#, "p: token_status must be a number"),
        (#"{"name":"p","kind":"auth0","token_status":[201,1e99]}"#, "p: token_status must be a number"),
        (#"{"name":"p","kind":"auth0","client_secret":"file:hush-hush"}"#, "p: client_secret: file: takes"),
        (#"{"name":"p","kind":"auth0","client_secret":"secret:hush hush"}"#, "p: client_secret: secret: takes"),
        (#"{"name":"p","kind":"auth0","client_secret":["hush-hush"]}"#, "p: client_secret must be a string"),
        (
            #"{"name":"p","kind":"auth0","client_auth":"private_key_jwt","client_secret":"hush-hush"}"#,
            "p: client_secret: not a private key"
        ),
        (#"{"name":"p","kind":"auth0","key_id":"k"}"#, "p: key_id goes with"),
        (#"{"name":"p","kind":"auth0","extra":{"client_secret":"hush-hush"}}"#, "p: extra must not set client_secret"),
        (#"{"name":"p","kind":"auth0","extra":{"client_assertion":"x"}}"#, "p: extra must not set client_assertion"),
        (#"{"name":"p","kind":"auth0","extra":{"n":1}}"#, "p: extra: n must be a string"),
        (#"{"name":"p","kind":"auth0","extra":[]}"#, "p: extra must be an object"),
        (#"{"name":"rejected","kind":"auth0"}"#, "rejected: the name is taken"),
        (#"{"name":"expires","kind":"auth0"}"#, "expires: the name is taken"),
        (#"{"name":"a/b","kind":"auth0"}"#, "profile 1: name must be"),
        (#"{"name":"-a","kind":"auth0"}"#, "profile 1: name must be"),
        (#"{"name":"","kind":"auth0"}"#, "profile 1: name must be"),
        (#"{"kind":"auth0"}"#, "profile 1: name must be"),
        ("7", "profile 1: must be an object"),
        (#"{"name":"p","kind":"auth0"},{"name":"p","kind":"auth0"}"#, "p: is defined twice"),
    ])
    func `A problem is reported with the profile's name and without its secret`(profile: String, begins: String) {
        let problems = ProfilesFile("[\(profile)]").problems
        #expect(problems.count == 1)
        #expect(problems.first?.hasPrefix(begins) == true, "\(problems)")
        #expect(!problems.contains { $0.contains("hush") })
    }

    @Test(arguments: ["", "no json", "{}", "7", #"{"profile":[]}"#])
    func `A file that is not a list of profiles is rejected`(text: String) {
        #expect(!ProfilesFile(text).problems.isEmpty)
    }

    @Test func `At most a hundred profiles are accepted, and names of at most 64 characters`() {
        func list(_ count: Int) -> String {
            "[" + (0..<count).map { #"{"name":"p\#($0)","kind":"auth0"}"# }.joined(separator: ",") + "]"
        }
        #expect(ProfilesFile(list(100)).problems.isEmpty)
        #expect(ProfilesFile(list(101)).problems.count == 1)
        func named(_ length: Int) -> String {
            #"[{"name":"\#(String(repeating: "n", count: length))","kind":"auth0"}]"#
        }
        #expect(ProfilesFile(named(64)).problems.isEmpty && !ProfilesFile(named(65)).problems.isEmpty)
    }

    @Test func `All problems of the file are reported together, with the setting's name`() {
        let files = ["/p.json": #"[{"name":"a","kind":"x"},{"name":"b","kind":"auth0","client_auth":"y"}]"#]
        for path in ["/p.json", "file:/p.json"] {
            do throws(SettingsError) {
                _ = try load(path, files)
                Issue.record("the file was accepted")
            } catch {
                #expect(error.lines.count == 2)
                #expect(error.lines.allSatisfy { $0.hasPrefix("LATCHKEY_PROFILES_FILE: ") })
            }
        }
        #expect(throws: SettingsError.self) { try load("/gone", files) }
    }

    @Test func `No credential of the file appears in the report`() throws {
        let files = ["/p.json": #"[{"name":"p","kind":"oauth2",\#(Self.base)}]"#]
        let report = SettingsReport(try load("file:/p.json", files))
        #expect(report.text.contains("/p.json") && !report.text.contains("hush-hush"))
    }

    private func load(_ path: String, _ files: [String: String]) throws(SettingsError) -> Settings {
        try Settings.load(
            environment: ["LATCHKEY_PROFILES_FILE": path, "AWS_REGION": "r"], need: .client, processors: 1
        ) { files[$0] }
    }
}
