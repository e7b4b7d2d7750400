import COpenSSL
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyTestSupport
import Synchronization
import Testing

@Suite struct TLSServerTests {
    private let folder: CertificateFolder

    init() throws {
        folder = try CertificateFolder()
        try folder.leaf("client", subject: "client", names: "URI:spiffe://test.example/orders,DNS:orders.example")
        try folder.leaf("late", subject: "late", names: "URI:spiffe://test.example/late", days: -1)
        try folder.leaf("stranger", subject: "stranger", names: "DNS:stranger.example", authority: "other")
    }

    private static let versions = [TLS1_2_VERSION, TLS1_3_VERSION]

    private func tickets() -> TLSTicketKeys {
        let start = MonotonicTime(nanoseconds: 0)
        return TLSTicketKeys(now: { start })
    }

    private func context(
        _ certificates: [String] = ["good"], clients: String? = nil, require: Bool = false,
        tickets: TLSTicketKeys? = nil
    ) throws -> TLSContext {
        try TLSContext(
            serving: TLSServerConfiguration(
                certificates: certificates.map { try folder.certificate($0) },
                clientAuthorities: clients.map { try folder.bytes($0) },
                clientAuthentication: require ? .require : .request),
            tickets: tickets ?? self.tickets())
    }

    private func connect(
        _ context: TLSContext, _ options: OpenSSLClient.Options = OpenSSLClient.Options(), size: Int = .max
    ) throws -> OpenSSLClient {
        let client = try #require(OpenSSLClient(try TLSSession(acceptingWith: context), options))
        #expect(try client.exchange(size: size))
        #expect(client.isEstablished && client.server.isEstablished)
        return client
    }

    private func isRefused(_ context: TLSContext, _ options: OpenSSLClient.Options) throws -> Bool {
        let client = try #require(OpenSSLClient(try TLSSession(acceptingWith: context), options))
        do { return try !client.exchange() || !client.server.isEstablished } catch is TLSError { return true }
    }

    @Test(arguments: versions, [Int.max, 1])
    func `Requests and replies pass, however the records are split`(version: Int32, size: Int) throws {
        let client = try connect(context(), .init(version: version), size: size)
        client.send("GET /")
        try [UInt8](repeating: 65, count: 100_000).withUnsafeBytes { try client.server.send($0) }
        #expect(try client.exchange(size: size))
        #expect(client.atServer == Array("GET /".utf8) && client.atClient.count == 100_000)
        client.server.finish()
        #expect(try client.exchange())
        #expect(SSL_get_shutdown(client.ssl) & SSL_RECEIVED_SHUTDOWN != 0, "close_notify reaches the client")
    }

    @Test func `Many sessions of one context take turns`() throws {
        let context = try context()
        let clients = try (0..<5).map { _ in try connect(context) }
        for (number, client) in clients.enumerated() { client.send("request \(number)") }
        for (number, client) in clients.enumerated() {
            #expect(try client.exchange())
            #expect(client.atServer == Array("request \(number)".utf8))
        }
    }

    @Test(arguments: versions)
    func `A ticket resumes a session with any worker, for the lifetime of its key and two more`(version: Int32) throws {
        let hours = Mutex<Int64>(0)
        let tickets = TLSTicketKeys(now: { MonotonicTime(nanoseconds: hours.withLock { $0 } * 3_600_000_000_000) })
        let first = try connect(context(tickets: tickets), .init(version: version))
        #expect(!first.server.isResumed)
        let session = first.takeSession()
        defer { SSL_SESSION_free(session) }
        for hour: Int64 in [0, 1, 2] {
            hours.withLock { $0 = hour }
            // Each context stands for another worker.
            let again = try connect(context(tickets: tickets), .init(version: version, session: session))
            #expect(again.server.isResumed, "after \(hour) h")
        }
        hours.withLock { $0 = 3 }
        let late = try connect(context(tickets: tickets), .init(version: version, session: session))
        #expect(!late.server.isResumed)
        let other = try connect(context(), .init(version: version, session: session))
        #expect(!other.server.isResumed, "another process has other keys")
    }

    @Test(arguments: versions)
    func `The name that the client asks for chooses the certificate`(version: Int32) throws {
        try folder.leaf("first", subject: "first", names: "DNS:first.example")
        try folder.leaf("second", subject: "second", names: "DNS:second.example,DNS:*.second.example")
        let context = try context(["first", "second"])
        let cases: [(String?, String)] = [
            (nil, "first"), ("first.example", "first"), ("second.example", "second"), ("SECOND.example", "second"),
            ("a.second.example", "second"), ("a.b.second.example", "first"), ("unknown.example", "first"),
            ("second", "first"),
        ]
        for (name, subject) in cases {
            let client = try connect(context, .init(version: version, serverName: name))
            #expect(client.serverSubject == subject, "\(name ?? "none")")
        }
    }

    @Test(arguments: versions)
    func `A client certificate is verified, and its names are the identity`(version: Int32) throws {
        func options(_ name: String?) -> OpenSSLClient.Options {
            .init(
                version: version,
                certificate: name.map { (folder.file("\($0).pem"), folder.file("\($0).key")) })
        }
        for require in [false, true] {
            let context = try context(clients: "ca.pem", require: require)
            let known = try connect(context, options("client"))
            let identity = try #require(known.server.peerIdentity)
            #expect(identity.uris == ["spiffe://test.example/orders"] && identity.dnsNames == ["orders.example"])
            #expect(try isRefused(context, options("late")), "expired")
            #expect(try isRefused(context, options("stranger")), "another authority")
            #expect(try isRefused(context, options(nil)) == require)
        }
        #expect(try connect(context(clients: "ca.pem"), options(nil)).server.peerIdentity == nil)
        #expect(try connect(context(), options("client")).server.peerIdentity == nil, "not asked for one")
    }

    @Test(arguments: versions)
    func `At resumption the client certificate is judged again`(version: Int32) throws {
        let tickets = tickets()
        var options = OpenSSLClient.Options(version: version)
        options.certificate = (folder.file("client.pem"), folder.file("client.key"))
        let first = try connect(context(clients: "ca.pem", tickets: tickets), options)
        options.session = first.takeSession()
        defer { SSL_SESSION_free(options.session) }
        let again = try connect(context(clients: "ca.pem", require: true, tickets: tickets), options)
        #expect(again.server.isResumed && again.server.peerIdentity == first.server.peerIdentity)
        #expect(try isRefused(context(clients: "other.pem", tickets: tickets), options), "its authority is gone")
        var anonymous = OpenSSLClient.Options(version: version)
        anonymous.session = try connect(context(clients: "ca.pem", tickets: tickets), anonymous).takeSession()
        defer { SSL_SESSION_free(anonymous.session) }
        #expect(try isRefused(context(clients: "ca.pem", require: true, tickets: tickets), anonymous))
    }

    @Test(
        arguments: versions,
        [("", true), ("http/1.1", true), ("h2 http/1.1", true), ("h2", false), ("http/1.0", false)])
    func `ALPN chooses http/1.1, and a client without it is refused`(version: Int32, offer: (String, Bool)) throws {
        let names = offer.0.split(separator: " ").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        let options = OpenSSLClient.Options(version: version, protocols: names)
        #expect(try isRefused(context(), options) == !offer.1)
    }

    @Test func `A renegotiation is refused and changes nothing`() throws {
        let client = try connect(context(), .init(version: TLS1_2_VERSION))
        #expect(SSL_renegotiate(client.ssl) == 1)
        SSL_do_handshake(client.ssl)
        // The server answers with the alert no_renegotiation, which ends the client's attempt.
        #expect(try !client.exchange() || !client.server.isResumed)
        #expect(client.atServer.isEmpty)
    }

    @Test(arguments: [TLS1_VERSION, TLS1_1_VERSION])
    func `An older version of TLS is refused`(version: Int32) throws {
        #expect(try isRefused(context(), .init(version: version)))
    }

    @Test func `A pair that cannot be used is told apart`() throws {
        func problem(_ chain: [UInt8], _ key: [UInt8]) -> TLSCertificate.Problem? {
            do throws(TLSCertificate.Problem) {
                _ = try TLSCertificate(chain: chain, key: Secret(key))
                return nil
            } catch { return error }
        }
        let (chain, key) = (try folder.bytes("good.pem"), try folder.bytes("good.key"))
        #expect(problem(chain, key) == nil)
        #expect(problem([], key) == .noCertificate)
        #expect(problem(Array(chain.dropLast(40)), key) == .noCertificate)
        #expect(problem(chain + chain.prefix(chain.count / 2), key) == .noCertificate, "a chain that is cut off")
        #expect(problem(chain, Array(key.dropLast(40))) == .noKey)
        #expect(problem(chain, try folder.bytes("wild.key")) == .otherKey)
        let certificate = try folder.certificate("good")
        #expect(certificate.names == ["good.example"])
        #expect(abs(certificate.expiry.seconds - Timing.system.now().wall.seconds - 86_400) < 600)
        #expect(abs(certificate.start.seconds - Timing.system.now().wall.seconds) < 600)
    }

    @Test func `Plain HTTP is recognised as an error of the protocol`() throws {
        let server = try TLSSession(acceptingWith: context())
        var plain: [UInt8] = []
        #expect(throws: TLSError.self) {
            try Array("GET / HTTP/1.1\r\nHost: h\r\n\r\n".utf8).withUnsafeBytes { try server.receive($0, into: &plain) }
        }
        #expect(plain.isEmpty)
    }
}
