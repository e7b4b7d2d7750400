import LatchkeyCore
import LatchkeyCrypto
import LatchkeyTestSupport
import LatchkeyUpstream
import Testing

/// Which credentials the shared files configure.
@Suite struct CredentialPlannerTests {
    /// Cases in which botocore differs: it asks the next source.
    private static let withoutPlan: Set<String> = ["profile only contains configuration", "SSO token profile selected"]

    @Test func `The SDKs' cases of roles have the chains that they name`() throws {
        let cases = try Fixture.json("data/aws/assume-role-tests.json").array ?? []
        #expect(cases.count == 28)
        for row in cases {
            let name = row["docs"]?.string ?? "?"
            let input = try #require(row["input"])
            let fixture = SharedFilesFixture(
                config: text(input["profiles"], "profile") + text(input["sso_sessions"], "sso-session"))
            let environment = ["AWS_PROFILE": input["selected_profile"]?.string ?? ""]
            if Self.withoutPlan.contains(name) {
                #expect(try fixture.plan(environment) == nil, "\(name)")
            } else if let chain = row["output"]?["ProfileChain"]?.array {
                let plan = try #require(try fixture.plan(environment)?.plan, "\(name)")
                #expect(self.chain(plan) == chain.map { reduced($0) }, "\(name)")
            } else {
                #expect(throws: SharedConfigError.self, "\(name)") { try fixture.plan(environment) }
            }
        }
    }

    private func text(_ sections: JSON?, _ keyword: String) -> String {
        (sections?.object ?? [:]).map { name, properties in
            "[\(keyword) \(name)]\n"
                + (properties.object ?? [:]).map { "\($0) = \($1.string ?? "")\n" }.joined()
        }.joined()
    }

    /// The members of a link without the account id, which only the other SDKs keep.
    private func reduced(_ link: JSON) -> [String: String] {
        var found: [String: String] = [:]
        for (kind, value) in link.object ?? [:] {
            found["kind"] = kind
            if let name = value.string { found["name"] = name }
            for (key, text) in value.object ?? [:] where key != "account_id" { found[key] = text.string }
        }
        return found
    }

    private func chain(_ plan: CredentialPlan) -> [[String: String]] {
        switch plan {
        case .keys(let keys):
            [
                [
                    "kind": "AccessKey", "access_key_id": keys.accessKeyID,
                    "secret_access_key": keys.secretAccessKey.revealText() ?? "",
                ]
            ]
        case .webIdentity(let identity):
            [
                [
                    "kind": "WebIdentityToken", "role_arn": identity.roleARN,
                    "web_identity_token_file": identity.tokenFile,
                    "role_session_name": identity.sessionName,
                ].compactMapValues { $0 }
            ]
        case .singleSignOn(let signOn):
            [
                [
                    "kind": "Sso", "sso_account_id": signOn.accountID, "sso_role_name": signOn.roleName,
                    "sso_region": signOn.region, "sso_start_url": signOn.startURL, "sso_session": signOn.session,
                ].compactMapValues { $0 }
            ]
        case .process(let command): [["kind": "Process", "name": command]]
        case .named(let source):
            [["kind": "NamedSource", "name": source == .instance ? "Ec2InstanceMetadata" : source.rawValue]]
        case .assumeRole(let role, let source):
            chain(source) + [
                [
                    "kind": "AssumeRole", "role_arn": role.arn, "role_session_name": role.sessionName,
                    "external_id": role.externalID,
                ].compactMapValues { $0 }
            ]
        }
    }

    // MARK: Configurations that cannot be used

    private static let keys = "aws_access_key_id = AKIAKEYS\naws_secret_access_key = s\n"

    /// Each profile also has keys, which must not be used instead.
    @Test(arguments: [
        ("role_arn =\n", 1, "role_arn is empty"), ("role_arn = a\n", 1, "neither source_profile nor credential_source"),
        ("role_arn = a\nsource_profile =\n", 2, "source_profile is empty"),
        ("role_arn =\n  a = b\n", 1, "nested block"),
        ("role_arn = a\nsource_profile = nobody\n", 2, "nobody"), ("web_identity_token_file =\n", 1, "is empty"),
        ("role_arn = a\ncredential_source = environment\n", 2, "Ec2InstanceMetadata"),
        ("role_arn = a\nsource_profile = three\ncredential_source =\n", 3, "both"),
        ("role_arn = a\nweb_identity_token_file = /token #1\n", 2, "comment"),
        ("sso_account_id = 1\n", 0, "sso_role_name"),
        ("sso_session = nobody\n", 1, "nobody"),
        ("aws_security_token =\naws_session_token = t\n", 1, "aws_security_token"),
        ("aws_session_token = a b\n", 0, "character"),
        ("role_arn = a\nmfa_serial =\nsource_profile = three\n", 2, "MFA"),
        ("role_arn = a\nsource_profile = three\nexternal_id =\n", 3, "external_id is empty"),
        ("role_arn = a\nsource_profile = one\n", nil, "cycle"),
        ("role_arn = a\nsource_profile = two\n", nil, "cycle"),
    ])
    func `A configuration that cannot be used is an error even if the profile has keys`(
        lines: String, line: Int?, says: String
    ) throws {
        // The profile's keys follow its lines. Two other profiles name each other and the profile.
        let config = """
            [profile me]
            \(lines)\(Self.keys)
            [profile one]
            role_arn = b
            source_profile = two
            [profile two]
            role_arn = c
            source_profile = me
            \(Self.keys)
            [profile three]
            \(Self.keys)
            """
        let error = #expect(throws: SharedConfigError.self) {
            try SharedFilesFixture(config: config).plan(["AWS_PROFILE": "me"])
        }
        #expect(error?.reason.contains(says) ?? false, "\(error?.reason ?? "nothing")")
        if let line, line > 0 { #expect(error?.line == line + 1) }
        #expect(error?.path == "/h/.aws/config" && error?.line != nil)
    }

    @Test(arguments: [
        ("aws_access_key_id =\n", "is empty"), ("aws_access_key_id = AKIA\n", "no aws_secret_access_key"),
        ("aws_secret_access_key = s\n", "no aws_access_key_id"),
        ("aws_access_key_id = AKIA\n  B\naws_secret_access_key = s\n", "character"),
        ("aws_access_key_id = AKIA\naws_secret_access_key =\n", "is empty"),
    ])
    func `An id and a secret of different files are not combined`(credentials: String, says: String) throws {
        let fixture = SharedFilesFixture(config: "[default]\n" + Self.keys, credentials: "[default]\n" + credentials)
        let error = #expect(throws: SharedConfigError.self) { try fixture.plan() }
        #expect(error?.reason.contains(says) ?? false && error?.path == "/h/.aws/credentials")
    }

    @Test func `Sources that only other tools support end the search`() throws {
        let login = SharedFilesFixture(config: "[default]\nlogin_session = arn\ncredential_process = /bin/true")
        #expect(throws: SharedConfigError.self) { try login.plan() }
        #expect(throws: SharedConfigError.self) { try SharedFilesFixture().plan(["AWS_CREDENTIAL_FILE": "/keys"]) }
    }

    @Test func `A number sign is part of a profile's name if there is such a profile, and otherwise begins a comment`()
        throws
    {
        let config = "[profile me]\nrole_arn = a\nsource_profile = team #1\n[profile team]\n" + Self.keys
        let fixture = SharedFilesFixture(config: config)
        #expect(try fixture.plan(["AWS_PROFILE": "me"]) != nil)
        let both = SharedFilesFixture(
            config: config + "[profile 'team #1']\naws_access_key_id = AKIAONE\naws_secret_access_key = s")
        guard case .assumeRole(_, .keys(let keys))? = try both.plan(["AWS_PROFILE": "me"])?.plan else {
            Issue.record("no role with keys")
            return
        }
        #expect(keys.accessKeyID == "AKIAONE")
    }

    @Test func `Keys end a chain of roles, and its further profiles are not read`() throws {
        let fixture = SharedFilesFixture(
            config:
                "[profile me]\nrole_arn = a\nsource_profile = one\n[profile one]\nrole_arn = b\nsource_profile = nobody\n"
                + Self.keys)
        guard case .assumeRole(_, .keys(let keys))? = try fixture.plan(["AWS_PROFILE": "me"])?.plan else {
            Issue.record("no role with keys")
            return
        }
        #expect(keys.accessKeyID == "AKIAKEYS")
    }
}
