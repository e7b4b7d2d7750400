import LatchkeyCore
import LatchkeyCrypto
import LatchkeyTestSupport
import LatchkeyUpstream
import Logging
import Synchronization
import Testing

@Suite struct CredentialTests {
    private func resolve(
        _ environment: [String: String], _ files: [String: String] = [:]
    ) async throws(AWSError) -> AWSCredentials {
        let environment = environment.merging(["HOME": "/h"]) { own, _ in own }
        let chain = CredentialChain(
            [.environment(environment), .sharedFiles(environment) { files[$0] }], time: ManualClock().source,
            log: Logger(label: "test"))
        return try await chain.credentials().credentials
    }

    private let keys = ["AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "s"]
    private let files = [
        "/h/.aws/credentials":
            "[default]\naws_access_key_id = DEF\naws_secret_access_key = d\n[other]\naws_access_key_id=OTH\naws_secret_access_key=o\naws_session_token=tok",
        "/h/.aws/config": "[profile cfg]\naws_access_key_id = CFG\naws_secret_access_key = c",
        "/elsewhere": "[default]\naws_access_key_id = ELS\naws_secret_access_key = e",
    ]

    @Test func `Keys of the environment win over a profile`() async throws {
        #expect(try await resolve(keys.merging(["AWS_PROFILE": "other"]) { $1 }, files).accessKeyID == "ENV")
    }

    @Test func `Profiles are found in either file, and the file where it is said to be`() async throws {
        #expect(try await resolve([:], files).accessKeyID == "DEF")
        let other = try await resolve(["AWS_PROFILE": "other"], files)
        #expect(other.accessKeyID == "OTH" && other.sessionToken == Secret("tok"))
        #expect(try await resolve(["AWS_PROFILE": "cfg"], files).accessKeyID == "CFG")
        let elsewhere = ["AWS_SHARED_CREDENTIALS_FILE": "/elsewhere"]
        #expect(try await resolve(elsewhere, files).accessKeyID == "ELS")
    }

    @Test func `An empty variable is an unset one`() async throws {
        let empty = ["AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": ""]
        #expect(try await resolve(empty, files).accessKeyID == "DEF")
    }

    @Test func `No credentials anywhere is said so, with what to do`() async throws {
        for environment in [[:], ["AWS_PROFILE": "absent"], ["AWS_ACCESS_KEY_ID": "A"]] as [[String: String]] {
            await #expect { try await resolve(environment) } throws: {
                ($0 as? AWSError)?.kind == .noCredentials && ($0 as? AWSError)?.hint != nil
            }
        }
    }

    @Test func `A rejected set is replaced once for however many callers met the refusal`() async throws {
        let loads = Atomic<Int>(0)
        let chain = CredentialChain(
            [
                CredentialProvider(name: "count") { () throws(AWSError) in
                    let number = loads.add(1, ordering: .relaxed).newValue
                    await Task.yield()
                    return AWSCredentials(accessKeyID: "\(number)", secretAccessKey: Secret("s"))
                }
            ], time: ManualClock().source, log: Logger(label: "test"))
        let first = try await chain.credentials()
        let ids = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<100 {
                group.addTask { try await chain.credentials(rejecting: first.generation).credentials.accessKeyID }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(ids == ["2"])
        #expect(loads.load(ordering: .relaxed) == 2)
    }
}
