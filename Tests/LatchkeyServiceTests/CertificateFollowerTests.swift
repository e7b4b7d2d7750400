import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeySettings
import LatchkeyTestSupport
import Logging
import Synchronization
import Testing

@testable import LatchkeyService

@Suite struct CertificateFollowerTests {
    private let folder: CertificateFolder
    /// The files that the follower reads, by path.
    private let files = FakeFiles()
    private let metrics = Metrics(version: "1", profiles: [], certificates: ["default", "1"])
    private let health: ReloadHealth

    private final class FakeFiles: Sendable {
        private let contents = Mutex<[String: [UInt8]]>([:])

        func read(_ path: String) throws(FileError) -> [UInt8] {
            guard let bytes = contents.withLock({ $0[path] }) else { throw .absent }
            return bytes
        }

        func write(_ bytes: [UInt8]?, _ path: String) { contents.withLock { $0[path] = bytes } }
    }

    init() throws {
        folder = try CertificateFolder()
        health = ReloadHealth(metrics: metrics, time: .system)
        try write("good", as: "a")
        try write("wild", as: "b")
    }

    private func bytes(_ name: String) throws -> [UInt8] { try FileReader.read(folder.file(name), limit: 1 << 20) }

    /// Puts a leaf's certificate and key where the follower reads them.
    private func write(_ leaf: String, as name: String) throws {
        files.write(try bytes("\(leaf).pem"), "/\(name).pem")
        files.write(try bytes("\(leaf).key"), "/\(name).key")
    }

    private func follower(authorities: String? = nil) throws -> CertificateFollower {
        try CertificateFollower(
            TLSFiles(
                certificates: ["/a.pem", "/b.pem"], keys: ["/a.key", "/b.key"], clientAuthorities: authorities),
            files: CertificateFiles { [files] path, _ throws(FileError) in try files.read(path) }, health: health,
            metrics: metrics, time: .system, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func names(_ follower: CertificateFollower, _ name: String) -> [String] {
        follower.json(Timing.system.now().wall)[name]?["names"]?.array?.compactMap(\.string) ?? []
    }

    private func error(_ name: String) -> String? { health.json[name]?["error"]?.string }

    @Test func `A pair is replaced once two looks agree, and the other one stays`() throws {
        let follower = try follower()
        try folder.leaf("next", names: "DNS:next.example")
        try write("next", as: "b")
        follower.look()
        #expect(names(follower, "1") == ["*.example"])
        follower.look()
        #expect(names(follower, "1") == ["next.example"] && names(follower, "default") == ["good.example"])
        #expect(health.isHealthy)
    }

    @Test(arguments: ["key of another", "cut", "gone", "expired"])
    func `A pair that cannot be used changes nothing, and the other one is still replaced`(broken: String) throws {
        let follower = try follower()
        switch broken {
        case "key of another": files.write(try bytes("wild.key"), "/a.key")
        case "cut": files.write(Array(try bytes("good.pem").dropLast(30)), "/a.pem")
        case "gone": files.write(nil, "/a.key")
        default: try write("expired", as: "a")
        }
        try folder.leaf("next", names: "DNS:next.example")
        try write("next", as: "b")
        for _ in 0..<3 { follower.look() }
        #expect(names(follower, "default") == ["good.example"] && names(follower, "1") == ["next.example"])
        #expect(error("LATCHKEY_TLS_CERT") == (broken == "gone" ? "absent" : "unfit"))
        #expect(error("LATCHKEY_TLS_CERT 1") == nil && !health.isHealthy && health.failing == [.certificate: 1])
        try write("next", as: "a")
        for _ in 0..<2 { follower.look() }
        #expect(names(follower, "default") == ["next.example"] && health.isHealthy && health.failing == [:])
    }

    @Test func `The authorities of callers are replaced only by certificates`() throws {
        files.write(try bytes("ca.pem"), "/ca.pem")
        let follower = try follower(authorities: "/ca.pem")
        files.write(Array("no certificate".utf8), "/ca.pem")
        for _ in 0..<2 { follower.look() }
        #expect(error("LATCHKEY_TLS_CLIENT_CA") == "unfit")
        files.write(try bytes("other.pem"), "/ca.pem")
        for _ in 0..<2 { follower.look() }
        #expect(error("LATCHKEY_TLS_CLIENT_CA") == nil && health.isHealthy)
    }

    @Test func `Other files are used whole or not at all, and followed from then on`() throws {
        files.write(try bytes("ca.pem"), "/ca.pem")
        let follower = try follower(authorities: "/ca.pem")
        try write("wild", as: "c")
        let others = TLSFiles(certificates: ["/c.pem", "/d.pem"], keys: ["/c.key", "/d.key"])
        #expect(throws: SettingsError.self) { try follower.replace(with: others) }
        #expect(names(follower, "default") == ["good.example"] && names(follower, "1") == ["*.example"])
        try write("good", as: "d")
        try follower.replace(with: others)
        #expect(names(follower, "default") == ["*.example"] && names(follower, "1") == ["good.example"])
        #expect(health.json["LATCHKEY_TLS_CLIENT_CA"] == nil)
        try write("good", as: "c")
        files.write(nil, "/a.pem")
        for _ in 0..<2 { follower.look() }
        #expect(names(follower, "default") == ["good.example"] && health.isHealthy)
    }

    @Test func `At the start an expired certificate is served, and every unusable file is named`() throws {
        try write("expired", as: "a")
        let follower = try follower()
        let now = Timing.system.now().wall
        #expect(!follower.isHealthy(now) && follower.json(now)["default"]?["state"]?.string == "expired")
        files.write(nil, "/a.pem")
        files.write(Array("x".utf8), "/b.key")
        do {
            _ = try self.follower()
            Issue.record("started")
        } catch let problems as SettingsError {
            #expect(problems.lines.count == 2 && problems.lines.allSatisfy { $0.hasPrefix("LATCHKEY_TLS_CERT: ") })
            #expect(problems.lines[0].contains("/a.pem") && problems.lines[1].contains("/b.key"))
        }
    }
}
