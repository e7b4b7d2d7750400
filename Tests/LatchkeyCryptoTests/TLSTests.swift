import Glibc
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyTestSupport
import Testing

/// An authority of the tests' own and certificates by it, made by the openssl command into a folder that goes again.
final class CertificateFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/latchkey-tls-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        try run(
            """
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=ca
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout other.key -out other.pem -days 2 -subj /CN=other
            """)
        try leaf("good", names: "DNS:good.example,IP:127.0.0.1", days: 1)
        try leaf("expired", names: "DNS:good.example", days: -1)
        try leaf("wild", names: "DNS:*.example", days: 1)
    }

    deinit { _ = shell("rm -rf '\(path)'") }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    /// A leaf of the subject `/CN=subject`; without `names` it has no subjectAltName.
    func leaf(_ name: String, subject: String = "leaf", names: String, days: Int = 1) throws {
        try run(
            """
            openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout \(name).key -out \(name).csr -subj '/CN=\(subject)'
            printf '\(names.isEmpty ? "basicConstraints=CA:FALSE" : "subjectAltName=\(names)")' > \(name).ext
            openssl x509 -req -in \(name).csr -CA ca.pem -CAkey ca.key -CAcreateserial -days \(days) -extfile \(name).ext -out \(name).pem
            """)
    }

    private func run(_ commands: String) throws {
        let script = commands.split(separator: "\n").joined(separator: " && ")
        try #require(shell("cd '\(path)' && { \(script); } >/dev/null 2>&1") == 0)
    }

    private func shell(_ command: String) -> Int32 { system(command) }
}

@Suite struct TLSTests {
    private let folder: CertificateFolder

    init() throws { folder = try CertificateFolder() }

    /// A client and a server whose bytes go from hand to hand.
    private struct Pair {
        let client: TLSSession
        let server: TLSSession
        var atClient: [UInt8] = []
        var atServer: [UInt8] = []

        /// Moves ciphertext both ways, `size` bytes at a time, until neither has any.
        mutating func exchange(size: Int = .max) throws {
            while true {
                let toServer = client.takeOutput()
                try deliver(toServer, to: server, &atServer, size)
                let toClient = server.takeOutput()
                try deliver(toClient, to: client, &atClient, size)
                if toServer.isEmpty && toClient.isEmpty { return }
            }
        }

        private func deliver(_ bytes: [UInt8], to session: TLSSession, _ plain: inout [UInt8], _ size: Int) throws {
            var rest = bytes[...]
            while !rest.isEmpty {
                let piece = Array(rest.prefix(size))
                rest = rest.dropFirst(piece.count)
                try piece.withUnsafeBytes { try session.receive($0, into: &plain) }
            }
        }
    }

    private func pair(_ certificate: String, host: String, trust: String = "ca.pem") throws -> Pair {
        let client = try TLSContext(clientTrusting: .file(folder.file(trust)))
        let server = try TLSContext(
            serverCertificate: folder.file("\(certificate).pem"), key: folder.file("\(certificate).key"))
        let pair = Pair(
            client: try TLSSession(connectingTo: host, context: client), server: try TLSSession(acceptingWith: server))
        try pair.client.start()
        return pair
    }

    @Test(arguments: [Int.max, 1, 7])
    func `Both sides read what the other wrote, however the bytes are cut`(size: Int) throws {
        var pair = try pair("good", host: "good.example")
        try pair.exchange(size: size)
        #expect(pair.client.isEstablished && pair.server.isEstablished)
        let long = [UInt8](repeating: 7, count: 40_000)
        try long.withUnsafeBytes { try pair.client.send($0) }
        try Array("answer".utf8).withUnsafeBytes { try pair.server.send($0) }
        try pair.exchange(size: size)
        #expect(pair.atServer == long)
        #expect(pair.atClient == Array("answer".utf8))
    }

    @Test func `An address in the certificate is as good as a name`() throws {
        var pair = try pair("good", host: "127.0.0.1")
        try pair.exchange()
        #expect(pair.client.isEstablished)
    }

    @Test(arguments: [
        ("good", "other.example", "ca.pem"), ("good", "127.0.0.2", "ca.pem"), ("expired", "good.example", "ca.pem"),
        ("good", "good.example", "other.pem"), ("wild", "a.b.example", "ca.pem"),
    ])
    func `A certificate that does not hold ends the handshake before anything can be sent`(
        certificate: String, host: String, trust: String
    ) throws {
        var pair = try pair(certificate, host: host, trust: trust)
        do {
            try pair.exchange()
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

    /// One row of the shared table: a certificate, the host that is asked for, and whether they go together.
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

    @Test func `A server is known by the subjectAltName alone`() throws {
        let cases = NameCase.read("cases/certificates.json") + NameCase.read("cases/certificates-more.json")
        try #require(cases.count >= 14)
        for (number, each) in cases.enumerated() {
            try folder.leaf("case-\(number)", subject: each.subject, names: each.names.joined(separator: ","))
            var pair = try pair("case-\(number)", host: each.host)
            do { try pair.exchange() } catch let error as TLSError {
                guard case .certificate = error else {
                    Issue.record("\(each.testDescription): \(error)")
                    continue
                }
            }
            #expect(pair.client.isEstablished == each.isAccepted, "\(each.testDescription)")
        }
    }

    @Test func `The end of the transport is a truncation unless the peer has said goodbye`() throws {
        var cut = try pair("good", host: "good.example")
        try cut.exchange()
        #expect(throws: TLSError.truncated) { try cut.client.transportClosed() }
        var closed = try pair("good", host: "good.example")
        try closed.exchange()
        closed.server.finish()
        try closed.exchange()
        #expect(closed.client.peerHasClosed)
        try closed.client.transportClosed()
    }

    @Test func `What is no TLS is refused`() throws {
        let pair = try pair("good", host: "good.example")
        var plain: [UInt8] = []
        #expect(throws: TLSError.self) {
            try Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8).withUnsafeBytes {
                try pair.client.receive($0, into: &plain)
            }
        }
        #expect(plain.isEmpty)
    }

    @Test func `A trust file that cannot be read is named`() {
        #expect(throws: TLSError.unusableFile(path: "/nowhere")) { try TLSContext(clientTrusting: .file("/nowhere")) }
    }
}
