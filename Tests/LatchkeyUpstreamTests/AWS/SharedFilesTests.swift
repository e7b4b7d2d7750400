import LatchkeyCore
import LatchkeyTestSupport
import LatchkeyUpstream
import Testing

/// Where the shared files are, and which of their profiles is selected.
@Suite struct SharedFilesTests {
    @Test func `The paths of the files are those of the SDKs' cases`() throws {
        let cases = try Fixture.json("data/aws/file-location-tests.json")["tests"]?.array ?? []
        #expect(cases.count == 9)
        for row in cases where row["platform"]?.string == "linux" {
            let environment = (row["environment"]?.object ?? [:]).compactMapValues(\.string)
            let paths = try SharedFilePaths(environment: environment)
            #expect(paths.config == row["configLocation"]?.string)
            #expect(paths.credentials == row["credentialsLocation"]?.string)
            guard let profile = row["profile"]?.string else { continue }
            let files = try SharedFiles(environment: environment) { _ in SharedFileContent("[other]\n[default]") }
            #expect(files.profile == profile)
        }
    }

    @Test(arguments: [
        ("~/x", "/h/x"), ("$HOME/x", "/h/x"), ("${HOME}x", "/hx"), ("$A$A", "~a~a"), ("/a/$", "/a/$"), ("$A", nil),
        ("~other/x", nil), ("$UNSET/x", nil), ("${UN SET}", nil), ("${HOME", "${HOME"), ("/a~b", "/a~b"),
        ("$HOME-$HOME", "/h-/h"),
    ])
    func `Variables and a tilde in a path are expanded as botocore expands them`(path: String, expanded: String?) throws
    {
        let environment = ["HOME": "/h", "A": "~a", "AWS_CONFIG_FILE": path]
        guard let expanded, !expanded.hasPrefix("~") else {
            #expect(throws: SharedConfigError.self) { try SharedFilePaths(environment: environment) }
            return
        }
        #expect(try SharedFilePaths(environment: environment).config == expanded)
    }

    @Test func `A file that cannot be read is an error, and one that does not exist is not`() throws {
        let error = #expect(throws: SharedConfigError.self) {
            try SharedFiles(environment: ["HOME": "/h"]) {
                $0.hasSuffix("config") ? .absent : .unreadable("no permission")
            }
        }
        #expect(error?.description == "/h/.aws/credentials: cannot be read: no permission")
        #expect(try SharedFiles(environment: [:]) { _ in .absent }.profile == "default")
    }

    @Test func `Absent files, unreadable files and devices are told apart`() throws {
        #expect(SharedFileReader.read("/nonexistent/config") == .absent)
        #expect(SharedFileReader.read("/dev/null/config") == .absent)
        #expect(SharedFileReader.read("/dev/null") == .bytes([]))
        #expect(SharedFileReader.read("/proc") == .unreadable("it is a directory"))
        #expect(SharedFileReader.read("/dev/zero") == .unreadable("it is longer than 1 MiB"))
    }

    // MARK: Profiles

    @Test func `Two variables that name different profiles are refused`() throws {
        let fixture = SharedFilesFixture(config: "[profile a]\n[profile b]")
        #expect(throws: SharedConfigError.self) { try fixture.files(["AWS_PROFILE": "a", "AWS_DEFAULT_PROFILE": "b"]) }
        #expect(try fixture.files(["AWS_PROFILE": "a", "AWS_DEFAULT_PROFILE": "a"]).profile == "a")
        #expect(try fixture.files(["AWS_DEFAULT_PROFILE": "b"]).profile == "b")
    }

    @Test func `The error for an unknown profile names the existing ones`() throws {
        let fixture = SharedFilesFixture(config: "[profile dev]", credentials: "[profile work]\n[prod]")
        let error = #expect(throws: SharedConfigError.self) { try fixture.files(["AWS_PROFILE": "work"]) }
        #expect(error?.description.hasSuffix("/h/.aws/credentials; there is dev, prod") ?? false)
    }

    /// The sections of each case have credentials, and SDKs differ in which of the sections they read.
    @Test(
        arguments: [
            ("[default]\nregion = a\n[profile 'default']\n[profile default]", nil, 4),
            ("[profile default]\nrole_arn = a\n[default]\nregion = b", nil, 3),
            ("[profile default]\nregion = a\n[default]\naws_access_key_id = b", nil, 3),
            ("[profile a]\n[profile 'a']", nil, 2), ("[profile a]\n[profile  a]", nil, 2),
            ("[ profile a]\n[profile a]", nil, 2),
            ("[profiles a]\nrole_arn = b", nil, 1), ("[services-old a]", nil, 1), ("[profile 'a]", nil, 1),
            ("[profile a\\]", nil, 1), ("[DEFAULT]\nrole_arn = a", nil, 1), ("[ profile a]\nrole_arn = b", "[a]", 1),
            ("[profile a]\nrole_arn = b", "[a ]\naws_access_key_id = c", 1), (nil, "[DEFAULT]\nregion = a", 1),
            (nil, "[a]\n[ a]", 2), ("[profile a]\nrole_arn = b\nregion = c\nrole_arn = d", nil, 4),
            (nil, "[a]\naws_access_key_id = b\n[a]\naws_access_key_id = c", 4),
        ] as [(String?, String?, Int)])
    func `A section that SDKs would read differently is refused by its line`(
        config: String?, credentials: String?, line: Int
    ) throws {
        let fixture = SharedFilesFixture(config: config, credentials: credentials)
        let error = #expect(throws: SharedConfigError.self) { _ = try fixture.files().profile("a") }
        #expect(error?.line == line, "\(error?.reason ?? "nothing")")
    }

    @Test func `White space at the brackets is ignored if no credentials depend on it`() throws {
        let fixture = SharedFilesFixture(config: "[ profile a ]\nregion = b", credentials: "[a]\naws_access_key_id = c")
        #expect(try fixture.files().profile("a")?.setting("region") == "b")
        let alone = SharedFilesFixture(credentials: "[ a ]\nrole_arn = c")
        #expect(try alone.files().profile("a")?.text("role_arn") == "c")
    }

    @Test func `The last of two equal settings counts if no credentials depend on it`() throws {
        let text = "[a]\nrole_arn = b\nregion = c\n[a]\nregion = d\nrole_arn = b"
        let profile = try #require(try SharedFilesFixture(credentials: text).files().profile("a"))
        #expect(try profile.setting("region") == "d" && profile.text("role_arn") == "b")
    }

    @Test func `Names of profiles are compared as bytes`() throws {
        let files = try SharedFilesFixture(config: "[profile caf\u{00E9}]\nregion = a").files()
        #expect(files.has("caf\u{00E9}") && !files.has("cafe\u{0301}"))
    }
}
