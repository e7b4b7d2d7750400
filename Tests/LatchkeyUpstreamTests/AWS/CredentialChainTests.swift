import LatchkeyCore
import LatchkeyCrypto
import LatchkeyHTTP
import LatchkeyTestSupport
import LatchkeyUpstream
import Logging
import Synchronization
import Testing

@Suite struct CredentialChainTests {
    @Test(arguments: try CredentialScenario.all())
    func `The chain has the same result in a scenario as the SDKs`(scenario: CredentialScenario) async throws {
        let peers = CredentialPeers(scenario)
        let chain = peers.chain()
        let row = scenario.row
        if let expected = row["credentials"]?.array {
            let found = try await chain.credentials().credentials
            #expect(found.accessKeyID == expected[0].string)
            #expect(found.secretAccessKey == Secret(expected[1].string ?? ""))
            #expect(found.sessionToken == expected[2].string.map { Secret($0) })
            #expect(found.expiration == expected[3].string.flatMap { RFC3339.parse($0) })
            #expect(chain.report.answered?.rawValue == row["source"]?.string)
        } else {
            let error = try #require(row["error"]?.string)
            await #expect {
                _ = try await chain.credentials()
            } throws: {
                let failure = $0 as? AWSError
                return failure?.kind == .noCredentials && (failure?.hint?.contains(error) ?? false)
            }
            #expect(chain.report.answered == nil)
        }
        check(peers, scenario)
        checkReport(chain.report, row)
    }

    /// The peers saw the requests of the row and no others, each with a bounded timeout.
    private func check(_ peers: CredentialPeers, _ scenario: CredentialScenario) {
        let row = scenario.row
        let seen = peers.seen.withLock { $0 }
        #expect(seen.asked == row["asked"]?.array?.compactMap(\.string))
        #expect(seen.maxTimeout <= .seconds(3))
        for (line, request) in seen.requests {
            // Sources on the same machine or link are never asked through a proxy. STS and SSO are ordinary services.
            #expect(
                request.bypassesProxy == !(line.contains(".amazonaws.com") || line.contains("//sts.test")), "\(line)")
        }
        for (line, fields) in row["fields"]?.object ?? [:] {
            for (name, value) in fields.object ?? [:] {
                #expect(seen.requests[line]?.fields[name] == value.string, "\(name) of \(line)")
            }
        }
        for (line, body) in row["bodies"]?.object ?? [:] {
            #expect((try? JSON(parsing: seen.requests[line]?.body ?? [])) == body)
        }
        #expect(seen.written.keys.sorted() == (row["written"]?.object ?? [:]).keys.sorted())
        for (path, file) in row["written"]?.object ?? [:] {
            #expect((try? JSON(parsing: seen.written[path] ?? [])) == file)
        }
        if let words = row["process"]?["words"]?.array { #expect(seen.words == words.compactMap(\.string)) }
    }

    /// Every source has a verdict, and no verdict contains a secret.
    private func checkReport(_ report: CredentialReport, _ row: JSON) {
        #expect(report.entries.map(\.source) == CredentialSource.allCases)
        for (source, why) in row["why"]?.object ?? [:] {
            let entry = report.entries.first { $0.source.rawValue == source }
            guard case .absent(let reason) = entry?.verdict else {
                Issue.record("\(source) is not absent")
                continue
            }
            #expect(reason.contains(why.string ?? "?"))
        }
        let secrets = [
            "sk", "fs", "cs", "s/ASIA", "t/ASIA", "jwt", "sso-token", "client-secret", "refresh-1", "imds-session",
        ]
        let words = report.failureSummary.split { !$0.isLetter && !$0.isNumber && !"/-".contains($0) }
        #expect(words.allSatisfy { word in !secrets.contains { word == $0 || (word.hasPrefix($0) && $0.count > 5) } })
    }

    @Test func `Rejected credentials are replaced once for all callers that report the rejection`() async throws {
        let loads = Atomic<Int>(0)
        let chain = CredentialChain(
            [
                CredentialProvider(.environment) { () throws(AWSError) in
                    let number = loads.add(1, ordering: .relaxed).newValue
                    await Task.yield()
                    return .found(AWSCredentials(accessKeyID: "\(number)", secretAccessKey: Secret("s")))
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
