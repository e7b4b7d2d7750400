import LatchkeyAudit
import LatchkeyCore
import LatchkeyCrypto

/// Chains that a test writes and reads.
enum AuditFixture {
    static let now = Now(
        monotonic: MonotonicTime(nanoseconds: 1_000_000_000), wall: WallTime(milliseconds: 1_700_000_000_123))

    /// RFC 8410 §10.3 and §10.1.
    static let privateKey = """
        -----BEGIN PRIVATE KEY-----
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
        -----END PRIVATE KEY-----
        """
    static let publicKey = """
        -----BEGIN PUBLIC KEY-----
        MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
        -----END PUBLIC KEY-----
        """

    static var signingKey: Ed25519SigningKey? { Ed25519SigningKey(pem: Secret(Array(privateKey.utf8))) }
    static var verificationKey: Ed25519PublicKey? { Ed25519PublicKey(pem: Array(publicKey.utf8)) }

    static func chain(_ id: String = "abc.0", key: Ed25519SigningKey? = nil) -> AuditChain {
        AuditChain(id: id, key: key, now: now.monotonic)
    }

    static func access(_ name: String = "db/password") -> AuditLine {
        var line = AuditLine(time: now.wall, action: .secretRead)
        line.requestID = Array("req-1".utf8)[...]
        line.caller = "orders"
        line.credential = "key"
        line.peer = Array("10.0.0.1:4711".utf8)
        line.front = "native"
        line.name = name
        line.version = "3"
        line.source = "parameter-store"
        line.tier = "memory"
        line.decision = .allowed
        line.status = 200
        return line
    }

    /// The lines of a whole start: `start`, `count` accesses distributed to `workers` chains, `stop`.
    static func log(workers: Int, count: Int, key: Ed25519SigningKey? = nil, isStopped: Bool = true) -> [[UInt8]] {
        var file: [UInt8] = []
        var chains = (0..<workers).map { chain("abc.\($0)", key: key) }
        var process = chain("abc.p", key: key)
        var start = AuditLine(time: now.wall, action: .start)
        start.name = (chains.map(\.id) + [process.id]).joined(separator: ",")
        process.append(signed: start)
        file += write(&process)
        for number in 0..<count {
            chains[number % workers].append(access("name\(number)"))
            if number % 7 == 3 { chains[number % workers].appendCheckpoint(now, name: nil) }
            file += write(&chains[number % workers])
        }
        if isStopped {
            var stop = AuditLine(time: now.wall, action: .stop)
            stop.name = ChainStates(chains.map(\.written) + [process.written]).text
            process.append(signed: stop)
            file += write(&process)
        }
        return lines(file)
    }

    static func write(_ chain: inout AuditChain) -> [UInt8] {
        let bytes = chain.buffer
        _ = chain.finishWrite(bytes.count)
        return bytes
    }

    static func lines(_ bytes: [UInt8]) -> [[UInt8]] {
        bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast().map { Array($0) }
    }

    static func verify(
        _ lines: [[UInt8]], key: Ed25519PublicKey? = nil, expecting: [(chain: String, seq: Int64)] = []
    ) -> AuditVerification {
        var verifier = AuditVerifier(publicKey: key)
        for (index, line) in lines.enumerated() {
            verifier.read(line[...], at: AuditPlace(file: 0, path: "log", line: index + 1))
        }
        return verifier.finish(expecting: expecting)
    }
}
