import LatchkeyCore
import LatchkeyCrypto
import LatchkeyTestSupport
import Testing

@Suite struct TLSTests {
    private let folder: CertificateFolder

    init() throws { folder = try CertificateFolder() }

    /// A client and a server that are connected in memory.
    private struct Pair {
        let client: TLSSession
        let server: TLSSession
        var atClient: [UInt8] = []
        var atServer: [UInt8] = []

        /// Moves ciphertext in both directions, `size` bytes at a time, until neither side has any.
        mutating func transfer(size: Int = .max) throws {
            while true {
                let toServer = client.takeOutput()
                try deliver(toServer, to: server, &atServer, size)
                let toClient = server.takeOutput()
                try deliver(toClient, to: client, &atClient, size)
                if toServer.isEmpty && toClient.isEmpty { return }
            }
        }

        private func deliver(_ bytes: [UInt8], to session: TLSSession, _ plain: inout [UInt8], _ size: Int) throws {
            var undelivered = bytes[...]
            while !undelivered.isEmpty {
                let piece = Array(undelivered.prefix(size))
                undelivered = undelivered.dropFirst(piece.count)
                try piece.withUnsafeBytes { try session.receive($0, into: &plain) }
            }
        }
    }

    private func pair(_ certificate: String, host: String, trust: String = "ca.pem") throws -> Pair {
        let client = try TLSContext(clientTrusting: .file(folder.file(trust)))
        let server = try TLSContext(
            serving: TLSServerConfiguration(certificates: [folder.certificate(certificate)]),
            tickets: TLSTicketKeys(now: { MonotonicTime(nanoseconds: 0) }))
        let pair = Pair(
            client: try TLSSession(connectingTo: host, context: client), server: try TLSSession(acceptingWith: server))
        try pair.client.start()
        return pair
    }

    @Test(arguments: [Int.max, 1, 7])
    func `Each side reads what the other wrote, however the bytes are split`(size: Int) throws {
        var pair = try pair("good", host: "good.example")
        try pair.transfer(size: size)
        #expect(pair.client.isEstablished && pair.server.isEstablished)
        let long = [UInt8](repeating: 7, count: 40_000)
        try long.withUnsafeBytes { try pair.client.send($0) }
        try Array("answer".utf8).withUnsafeBytes { try pair.server.send($0) }
        try pair.transfer(size: size)
        #expect(pair.atServer == long)
        #expect(pair.atClient == Array("answer".utf8))
    }

    @Test func `A certificate may have an address in place of a name`() throws {
        var pair = try pair("good", host: "127.0.0.1")
        try pair.transfer()
        #expect(pair.client.isEstablished)
    }

    @Test(arguments: [
        ("good", "other.example", "ca.pem"), ("good", "127.0.0.2", "ca.pem"), ("expired", "good.example", "ca.pem"),
        ("good", "good.example", "other.pem"), ("wild", "a.b.example", "ca.pem"),
    ])
    func `An invalid certificate ends the handshake before anything can be sent`(
        certificate: String, host: String, trust: String
    ) throws {
        var pair = try pair(certificate, host: host, trust: trust)
        do {
            try pair.transfer()
            Issue.record("connected to \(host) with \(certificate)")
        } catch let error as TLSError {
            guard case .certificate(let reason) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(!reason.isEmpty)
        }
        #expect(!pair.client.isEstablished)
        #expect(throws: TLSError.self) { try Array("secret".utf8).withUnsafeBytes { try pair.client.send($0) } }
        #expect(pair.atServer.isEmpty)
    }

    /// One row of the shared table: a certificate, a host, and whether the certificate is valid for the host.
    struct NameCase: CustomTestStringConvertible {
        let subject: String
        let names: [String]
        let host: String
        let isAccepted: Bool

        var testDescription: String { "CN=\(subject) \(names) for \(host)" }

        init?(_ json: JSON) {
            guard let subject = json["subject_cn"]?.string, let host = json["asked_for"]?.string,
                let accepted = json["accepted"]
            else { return nil }
            self.subject = subject
            self.host = host
            names = json["san"]?.array?.compactMap(\.string) ?? []
            isAccepted = accepted == .bool(true)
        }

        static func read(_ path: String) -> [NameCase] {
            (try? Fixture.json(path))?["cases"]?.array?.compactMap { NameCase($0) } ?? []
        }
    }

    @Test func `Only the subjectAltName identifies a server`() throws {
        let cases = NameCase.read("cases/certificates.json") + NameCase.read("cases/certificates-more.json")
        try #require(cases.count >= 14)
        for (number, each) in cases.enumerated() {
            try folder.leaf("case-\(number)", subject: each.subject, names: each.names.joined(separator: ","))
            var pair = try pair("case-\(number)", host: each.host)
            do { try pair.transfer() } catch let error as TLSError {
                guard case .certificate = error else {
                    Issue.record("\(each.testDescription): \(error)")
                    continue
                }
            }
            #expect(pair.client.isEstablished == each.isAccepted, "\(each.testDescription)")
        }
    }

    @Test func `Only close_notify closes a session, so that a truncation is detected`() throws {
        var cut = try pair("good", host: "good.example")
        try cut.transfer()
        #expect(!cut.client.peerHasClosed)
        var closed = try pair("good", host: "good.example")
        try closed.transfer()
        closed.server.finish()
        try closed.transfer()
        #expect(closed.client.peerHasClosed)
    }

    @Test func `Bytes that are not TLS are rejected`() throws {
        let pair = try pair("good", host: "good.example")
        var plain: [UInt8] = []
        #expect(throws: TLSError.self) {
            try Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8).withUnsafeBytes {
                try pair.client.receive($0, into: &plain)
            }
        }
        #expect(plain.isEmpty)
    }

    @Test func `The error names a trust file that cannot be read`() {
        #expect(throws: TLSError.unusableFile(path: "/nowhere")) { try TLSContext(clientTrusting: .file("/nowhere")) }
    }
}
