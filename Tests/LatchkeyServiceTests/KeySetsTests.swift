import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyHTTP
import LatchkeyMetrics
import LatchkeyTestSupport
import Logging
import Synchronization
import Testing

@testable import LatchkeyService

/// Key sets of a server and of files that the test changes, on a clock that the test moves.
@Suite(.timeLimit(.minutes(20))) struct KeySetsTests {
    private final class FileContents: Sendable {
        private let texts = Mutex<[String: [UInt8]]>([:])

        func read(_ path: String) -> Result<[UInt8], FileError> {
            texts.withLock { $0[path] }.map { .success($0) } ?? .failure(.absent)
        }

        func write(_ text: [UInt8]?, _ path: String) { texts.withLock { $0[path] = text } }
    }

    private static let url = "https://issuer.example/keys"

    private let data: JSON
    private let start: WallTime
    private let clock: ManualClock
    private let sleeper: ManualSleeper
    private let server = Script<HTTPResponse, HTTPClientError>([], whenEmpty: .connectFailed(errno: 111))
    private let contents = FileContents()
    private let health: ReloadHealth
    private let files: FollowedFiles
    private let sets: KeySets
    private let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init() throws {
        data = try Fixture.json("jwt/tokens.json")
        start = WallTime(seconds: try #require(data["now"]?.integer))
        clock = ManualClock(wall: start)
        sleeper = ManualSleeper(clock)
        let time = sleeper.source
        health = ReloadHealth(metrics: Metrics(version: "1", profiles: []), time: time)
        let contents = contents
        files = FollowedFiles(health: health, time: time, log: log) { path, _ in contents.read(path) }
        let server = server
        sets = KeySets(
            KeySets.Environment(
                files: files, reloads: health,
                reader: KeySetReader(userAgent: "test/1") { request, origin, authorities, _ in
                    let bearer = request.fields["Authorization"] ?? "none"
                    let call = "\(origin.authority)\(request.target) \(bearer) \(authorities ?? "system")"
                    do throws(HTTPClientError) {
                        return .success(try await server.answer(call))
                    } catch {
                        return .failure(error)
                    }
                },
                timeout: .seconds(5), time: time, log: log))
    }

    // MARK: Tokens and keys

    private func issuer(
        _ keys: JWTIssuer.KeySource = .url(KeySetsTests.url), audience: ExactText = "latchkey",
        authorities: String? = nil, bearer: String? = nil
    ) -> JWTIssuer {
        JWTIssuer(
            .issuer("https://issuer.example"), keys: keys, audience: audience, authorities: authorities, bearer: bearer)
    }

    /// The key set of the issuer with only these keys; all of them when none is named.
    private func keys(_ identifiers: String...) throws -> [UInt8] {
        let all = try #require(data["issuers"]?.array?.first?["jwks"]?["keys"]?.array)
        let chosen = all.filter { key in
            identifiers.isEmpty || identifiers.contains(key["kid"]?.string ?? "")
        }
        return JSON.object(["keys": .array(chosen)]).bytes()
    }

    private func serve(_ body: [UInt8], status: Int = 200) {
        server.then(.success(HTTPResponse(status: status, body: body)))
    }

    /// The verdict on a valid token of the issuer, by name, at the time for which it was made.
    private func verdict(_ name: String) throws -> JWTVerdict {
        let token = try #require(data["valid"]?.array?.first { $0["name"]?.string == name }?["token"]?.string)
        var copy = LiveKeySets.Copy(sets.live)
        return Array(token.utf8).withUnsafeBytes { copy.verify($0, at: start) }
    }

    private func isValid(_ name: String) throws -> Bool { try verdict(name).rejection == nil }

    private func error(_ member: String = "jwks") -> String? {
        health.json["issuer https://issuer.example: \(member)"]?["error"]?.string
    }

    /// Starts with the keys that are served, and waits for the first read.
    private func start(_ issuer: JWTIssuer) async {
        sets.replace(with: [issuer])
        await settle { sleeper.times.count == 1 }
    }

    // MARK: URLs

    @Test func `A URL is read at start and every five minutes`() async throws {
        serve(try keys("rsa-1"))
        await start(issuer())
        #expect(try isValid("RS256") && verdict("ES256").rejection == .keyUnknown)
        #expect(server.calls.values == ["issuer.example/keys none system"])
        serve(try keys("rsa-1", "ec-1"))
        sleeper.advance(by: .seconds(299))
        #expect(server.calls.count == 1)
        sleeper.advance(by: .seconds(1))
        await settle { sleeper.times.count == 1 }
        #expect(try isValid("RS256") && isValid("ES256"))
        #expect(server.calls.count == 2 && health.isHealthy)
        sets.stop()
    }

    @Test func `While a URL cannot be read the last good keys stay, and it is tried again soon`() async throws {
        serve(try keys("ec-1"))
        await start(issuer())
        server.then(.failure(.timedOut))
        sleeper.advance(by: .seconds(300))
        await settle { server.calls.count == 2 && sleeper.times.count == 1 }
        #expect(try isValid("ES256"))
        #expect(error() == "timed_out" && !health.isHealthy)
        // Three quarters of one second: the jitter of the test is one half.
        #expect(sleeper.times == [clock.now.monotonic + .milliseconds(750)])
        serve(try keys("ec-1", "ed-1"))
        sleeper.advance(by: .milliseconds(750))
        await settle { server.calls.count == 3 && sleeper.times.count == 1 }
        #expect(try isValid("EdDSA"))
        #expect(error() == nil && health.isHealthy)
        sets.stop()
    }

    @Test func `An answer that is no key set changes nothing, and its reason is in the health`() async throws {
        serve(try keys("ec-1"))
        await start(issuer())
        let answers: [(HTTPResponse, String)] = [
            (HTTPResponse(status: 503), "http_503"), (HTTPResponse(status: 302), "http_302"),
            (HTTPResponse(status: 200, body: Array("<html>".utf8)), "unfit"),
            (HTTPResponse(status: 200, body: Array(#"{"keys":[]}"#.utf8)), "unfit"),
        ]
        for (answer, code) in answers {
            server.then(.success(answer))
            let calls = server.calls.count
            sleeper.advance(by: .seconds(300))
            await settle { server.calls.count == calls + 1 && sleeper.times.count == 1 }
            #expect(error() == code)
            #expect(try isValid("ES256"))
        }
        sets.stop()
    }

    @Test func `Callers with a new key share one read, and then it is known`() async throws {
        serve(try keys("rsa-1"))
        await start(issuer())
        let gate = Gate()
        server.then(.success(HTTPResponse(status: 200, body: try keys("rsa-1", "ec-1"))), gate: gate)
        let waiting = (0..<10).map { _ in Task { [sets, issuer = issuer()] in await sets.readAgain(issuer) } }
        await settle { server.calls.count == 2 }
        gate.open()
        for task in waiting { #expect(await task.value) }
        #expect(try isValid("ES256"))
        #expect(server.calls.count == 2)
        sets.stop()
    }

    @Test func `A URL is read at most once a minute for unknown keys`() async throws {
        serve(try keys("rsa-1"))
        await start(issuer())
        #expect(await sets.readAgain(issuer()))
        #expect(await !sets.readAgain(issuer()))
        sleeper.advance(by: .seconds(59))
        #expect(await !sets.readAgain(issuer()))
        sleeper.advance(by: .seconds(1))
        #expect(await sets.readAgain(issuer()))
        #expect(server.calls.count == 3)
        #expect(await !sets.readAgain(issuer(.url("https://other.example/keys"))))
        sets.stop()
    }

    @Test func `While a read hangs, callers wait for it no longer than a read may take`() async throws {
        let gate = Gate()
        server.then(.success(HTTPResponse(status: 200, body: try keys())), gate: gate)
        sets.replace(with: [issuer()])
        await settle { server.calls.count == 1 }
        sleeper.advance(by: .milliseconds(5_001))
        #expect(await !sets.readAgain(issuer()))
        gate.open()
        await settle { (try? isValid("ES256")) == true }
        sets.stop()
    }

    @Test func `Callers that come before the first read has ended wait for it`() async throws {
        let gate = Gate()
        server.then(.success(HTTPResponse(status: 200, body: try keys())), gate: gate)
        sets.replace(with: [issuer()])
        await settle { server.calls.count == 1 }
        #expect(try verdict("ES256").rejection == .keysUnread)
        let waiting = Task { [sets, issuer = issuer()] in await sets.readAgain(issuer) }
        gate.open()
        #expect(await waiting.value)
        #expect(try isValid("ES256"))
        #expect(server.calls.count == 1)
        sets.stop()
    }

    @Test func `Authorities and bearer token are used, and without the token nothing is sent`() async throws {
        serve(try keys())
        let issuer = issuer(authorities: "/ca.pem", bearer: "/token")
        await start(issuer)
        #expect(server.calls.count == 0 && error() == "absent")
        contents.write(Array("projected".utf8), "/token")
        for _ in 0..<2 { files.check() }
        sleeper.advance(by: .seconds(60))
        await settle { server.calls.count == 1 && sleeper.times.count == 1 }
        #expect(server.calls.values == ["issuer.example/keys Bearer projected /ca.pem"])
        #expect(try isValid("ES256"))
        sets.stop()
    }

    // MARK: Files

    @Test func `A file is followed with its last good keys`() async throws {
        contents.write(try keys("rsa-1"), "/jwks.json")
        sets.replace(with: [issuer(.file("/jwks.json"))])
        #expect(try isValid("RS256"))
        for bad in [Array("{".utf8), try keys("weak"), nil] {
            contents.write(bad, "/jwks.json")
            for _ in 0..<2 { files.check() }
            #expect(error() == (bad == nil ? "absent" : "unfit"))
            #expect(try isValid("RS256"))
        }
        contents.write(try keys("ec-1"), "/jwks.json")
        for _ in 0..<2 { files.check() }
        #expect(try isValid("ES256") && verdict("RS256").rejection == .keyUnknown)
        #expect(health.isHealthy)
    }

    @Test func `A token with a new key makes its file be checked at once`() async throws {
        contents.write(try keys("rsa-1"), "/jwks.json")
        let issuer = issuer(.file("/jwks.json"))
        sets.replace(with: [issuer])
        contents.write(try keys("rsa-1", "ec-1"), "/jwks.json")
        let waiting = Task { [sets] in await sets.readAgain(issuer) }
        await settle { sleeper.times.count == 1 }
        sleeper.advance(by: FollowedFiles.interval)
        #expect(await waiting.value)
        #expect(try isValid("ES256"))
    }

    @Test func `A file that is unusable at the start is told, and used once it is good`() async throws {
        contents.write(Array("{}".utf8), "/jwks.json")
        sets.replace(with: [issuer(.file("/jwks.json"))])
        #expect(error() == "unfit")
        #expect(try verdict("ES256").rejection == .keysUnread)
        contents.write(try keys(), "/jwks.json")
        for _ in 0..<2 { files.check() }
        #expect(try isValid("ES256"))
        #expect(health.isHealthy)
    }

    // MARK: Issuers

    @Test func `Other issuers are trusted at once, and what stays keeps its keys`() async throws {
        serve(try keys())
        await start(issuer())
        sets.replace(with: [issuer(audience: "vault")])
        #expect(try verdict("ES256").rejection == .audience)
        sets.replace(with: [issuer()])
        #expect(try isValid("ES256"))
        sets.replace(with: [])
        #expect(try verdict("ES256").rejection == .issuer)
        #expect(error() == nil && health.json["issuer https://issuer.example: jwks"] == nil)
        // Nothing is read any more.
        await settle { sleeper.times.isEmpty }
        #expect(await !sets.readAgain(issuer()))
    }
}
