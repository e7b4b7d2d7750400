internal import ArgumentParser
internal import LatchkeyAudit
internal import LatchkeyCore
internal import LatchkeyCrypto

/// `latchkey audit verify`.
struct AuditVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check that no line of the audit log was changed, removed, repeated or moved.",
        discussion: """
            Prints the first bad line of each chain as FILE:LINE, with exit code 1. A rotated file may begin in the \
            middle of a chain. The end of a chain that no stop line names is shown as unterminated: keep its last seq \
            elsewhere, and give it with --expect the next time.
            """)

    @OptionGroup var log: AuditFiles
    @Option(help: ArgumentHelp("The Ed25519 public key of LATCHKEY_AUDIT_KEY, in PEM.", valueName: "pem"))
    var publicKey: String?
    @Option(help: ArgumentHelp("A line that must be there; may be repeated.", valueName: "chain:seq"))
    var expect: [String] = []
    @Flag(help: "Print one JSON object.") var json = false

    func validate() throws {
        guard expect.allSatisfy({ Self.expected($0) != nil }) else {
            throw ValidationError("--expect must be CHAIN:SEQ, as audit verify prints them")
        }
    }

    func run() async throws {
        try await finishing {
            var verifier = AuditVerifier(publicKey: try key())
            let incomplete = try AuditFiles.read(log.files) { verifier.read($0, at: $1) }
            let result = verifier.finish(expecting: expect.compactMap(Self.expected), incomplete: incomplete)
            if json { Terminal.print(AuditReport(result).json.text) } else { AuditReport(result).print() }
            if !result.findings.isEmpty { throw ExitCode(ExitStatus.failed.rawValue) }
        }
    }

    private func key() throws -> Ed25519PublicKey? {
        guard let publicKey else { return nil }
        guard let key = Ed25519PublicKey(pem: try SmallFile.required(publicKey)) else {
            throw CommandFailure(
                .usage, "\(publicKey) is no Ed25519 public key in PEM; make one with: openssl pkey -in KEY -pubout")
        }
        return key
    }

    private static func expected(_ text: String) -> (chain: String, seq: Int64)? {
        guard let colon = text.lastIndex(of: ":"), colon != text.startIndex,
            let seq = Int64(text[text.index(after: colon)...]), seq > 0
        else { return nil }
        return (String(text[..<colon]), seq)
    }
}
