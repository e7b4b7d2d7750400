import Glibc
import LatchkeyNet
import Testing

@Suite struct SocketAddressTests {
    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1:8700", true), ("10.1.2.3", "10.1.2.3:8700", false), ("::1", "[::1]:8700", true),
        ("fe80::1", "[fe80::1]:8700", false), ("127.9.9.9", "127.9.9.9:8700", true),
    ])
    func `An address literal has a description and a loopback flag`(
        host: String, text: String, loopback: Bool
    ) throws {
        let address = try #require(SocketAddress(literal: host, port: 8700))
        #expect(address.description == text)
        #expect(address.isLoopback == loopback)
    }

    @Test(arguments: ["localhost", "", "1.2.3", "256.0.0.1", "[::1]", "127.1"])
    func `A name is not an address`(host: String) {
        #expect(SocketAddress(literal: host, port: 1) == nil)
    }

    @Test func `A second listener on the same port fails`() throws {
        let loopback = try #require(SocketAddress(literal: "127.0.0.1", port: 0))
        let first = try Socket.listening(on: loopback)
        guard let taken = first.localAddress else {
            Issue.record("the listener has no address")
            return
        }
        do {
            _ = try Socket.listening(on: taken)
            Issue.record("two sockets listen on the same port")
        } catch {
            #expect(error.isAddressInUse)
        }
    }

    @Test func `A path that is too long for a Unix socket fails`() {
        do {
            let path = "/" + String(repeating: "a", count: 120)
            var outcome = Socket.Connecting.inProgress
            _ = try Socket.connecting(to: .unix(path: path), outcome: &outcome)
            #expect(outcome == .failed(errno: ENAMETOOLONG))
            _ = try Socket.listening(on: .unix(path: path))
            Issue.record("the path was bound")
        } catch {
            #expect(error.call == "bind")
        }
    }
}
