import LatchkeyDev
import LatchkeyHTTP
import Testing

@Suite struct LocalRequestsTests {
    private func status(_ fields: HTTPFields) async -> Int {
        let handler = LocalRequests.only { _ in HTTPResponse(status: 200) }
        return await handler(HTTPRequest(method: "GET", target: "/dev/requests", fields: fields)).status
    }

    @Test func `Local tools are served, and pages of a browser are not`() async {
        #expect(await status(["Host": "127.0.0.1:4566"]) == 200)
        #expect(await status(["Host": "localhost"]) == 200)
        #expect(await status([:]) == 200)
        #expect(await status(["Host": "rebind.example"]) == 403)
        #expect(await status(["Host": "localhost", "origin": "https://rebind.example"]) == 403)
        #expect(await status(["Host": "localhost", "SEC-FETCH-SITE": "none"]) == 403)
        #expect(await status(["Host": "localhost", "Sec-Fetch-Mode": "cors"]) == 200, "Node.js sends it")
    }
}
