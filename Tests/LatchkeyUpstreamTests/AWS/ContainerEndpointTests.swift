import LatchkeyCore
import LatchkeyHTTP
import LatchkeyTestSupport
import LatchkeyUpstream
import Testing

@Suite struct ContainerEndpointTests {
    @Test func `The SDKs' cases of container endpoints give the URLs that they name`() throws {
        let cases = try Fixture.json("data/aws/ecs-tests.json")["tests"]?.array ?? []
        #expect(cases.count == 11)
        for row in cases {
            let name = row["docs"]?.string ?? "?"
            let environment = (row["env"]?.object ?? [:]).compactMapValues(\.string)
            if let url = row["result"]?["Ok"]?.string {
                let found = try #require(try ContainerEndpoint(environment: environment)).endpoint
                #expect("\(found.origin.scheme.rawValue)://\(found.origin.authority)\(found.path)" == url, "\(name)")
            } else if environment.isEmpty {
                #expect(try ContainerEndpoint(environment: environment) == nil, "the next source is asked")
            } else {
                #expect(throws: AWSError.self, "\(name)") { try ContainerEndpoint(environment: environment) }
            }
        }
    }
}
