import Glibc
import LatchkeyNet
import Testing

@Suite struct InheritedSocketTests {
    private func sockets(_ environment: [String: String]) throws(InheritedSocketError) -> [InheritedSocket] {
        try InheritedSocket.all(environment: environment, process: 4711)
    }

    @Test(arguments: [
        [:], ["LISTEN_FDS": "1"], ["LISTEN_PID": "4712", "LISTEN_FDS": "1"], ["LISTEN_PID": "x", "LISTEN_FDS": "1"],
    ])
    func `Sockets passed to another process are ignored`(environment: [String: String]) throws {
        #expect(try sockets(environment).isEmpty)
    }

    @Test(arguments: ["", "0", "-1", "65", "99999999999", "one"])
    func `A number of descriptors out of range is rejected`(count: String) {
        #expect(throws: InheritedSocketError.count) {
            _ = try sockets(["LISTEN_PID": "4711", "LISTEN_FDS": count])
        }
    }
}
