import Glibc
import LatchkeyNet
import Testing

@Suite struct InheritedSocketTests {
    private func sockets(_ environment: [String: String]) throws(InheritedSocket.Refusal) -> [InheritedSocket] {
        try InheritedSocket.all(environment: environment, process: 4711)
    }

    @Test(arguments: [
        [:], ["LISTEN_FDS": "1"], ["LISTEN_PID": "4712", "LISTEN_FDS": "1"], ["LISTEN_PID": "x", "LISTEN_FDS": "1"],
    ])
    func `What was passed to another process is none of this one's`(environment: [String: String]) throws {
        #expect(try sockets(environment).isEmpty)
    }

    @Test(arguments: ["", "0", "-1", "65", "99999999999", "one"])
    func `The number of descriptors is bounded`(count: String) {
        #expect(throws: InheritedSocket.Refusal.count) {
            _ = try sockets(["LISTEN_PID": "4711", "LISTEN_FDS": count])
        }
    }
}
