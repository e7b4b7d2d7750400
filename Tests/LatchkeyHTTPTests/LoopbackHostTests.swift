import LatchkeyHTTP
import Testing

@Suite struct LoopbackHostTests {
    private func contains(_ host: String) -> Bool { Array(host.utf8).withUnsafeBytes(LoopbackHost.contains) }

    @Test(arguments: [
        "localhost", "LOCALHOST", "localhost:8700", "127.0.0.1", "127.0.0.1:8700", "127.255.3.4:1", "[::1]",
        "[::1]:8700",
    ])
    func `A name of this machine is accepted`(host: String) { #expect(contains(host)) }

    @Test(arguments: [
        "", ":8700", "rebind.example", "rebind.example:8700", "localhost.rebind.example", "127.0.0.1.rebind.example",
        "127.rebind.example", "128.0.0.1", "127.0.0.256", "127.0.0", "127.0.0.1.", "127.0.0.0001", "127..0.1", "[::2]",
        "[::1", "::1", "0.0.0.0", "10.0.0.1", "localhost.",
    ])
    func `Another name is not`(host: String) { #expect(!contains(host)) }

    @Test func `The values of the setting say on which routes and listeners a proxy is refused`() {
        let table: [(ForwardedRefusal, [Bool])] = [
            (.loopbackFronts, [true, false, false, false]), (.fronts, [true, true, false, false]),
            (.all, [true, true, true, true]), (.off, [false, false, false, false]),
        ]
        #expect(table.map(\.0) == ForwardedRefusal.allCases)
        for (refusal, expected) in table {
            let places = [(true, true), (true, false), (false, true), (false, false)]
            #expect(places.map { refusal.applies(isAWSFront: $0.0, isLocal: $0.1) } == expected, "\(refusal)")
        }
    }
}
