internal import ArgumentParser
internal import Glibc
internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMetrics
internal import LatchkeySettings
internal import LatchkeyUpstream

/// `latchkey put`.
struct PutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "put", abstract: "Write one secret to Parameter Store.",
        discussion: """
            The value comes from standard input or a file, never from the command line, where others could read it. \
            One line end at its end is left out. Writing over a parameter asks at a terminal and needs --yes without one.
            """)

    @Argument(help: "The key below the prefix.") var key: String
    @Option(help: "Read the value from this file.") var file: String?
    @Option(help: "SecureString or String.") var type = "SecureString"
    @Flag(help: "Write over a parameter that is there.") var yes = false

    func run() async throws {
        CommandEnvironment.harden()
        try await finishing {
            let settings = try CommandEnvironment.settings(need: .upstreams)
            guard let key = SecretKey(key) else {
                throw CommandFailure(
                    .usage, "not a key: letters, digits and . - _ / only, and not below auth0-cache or latchkey")
            }
            guard let kind = Parameter.Kind(rawValue: type), kind != .stringList else {
                throw CommandFailure(.usage, "--type must be SecureString or String")
            }
            let value = try readValue()
            let access = try await DirectAccess(settings)
            try await write(value, to: "\(settings.prefix)/\(key.name)", kind, access)
        }
    }

    private func readValue() throws -> Secret {
        var bytes: [UInt8]
        if let file {
            bytes = try Files.required(file)
        } else {
            if isatty(STDIN_FILENO) == 1 { Terminal.complain("reading the value from the terminal; end with ctrl-d") }
            bytes = Files.bytes("/dev/stdin") ?? []
        }
        bytes = FileReader.withoutLineEnd(bytes)
        if bytes.isEmpty {
            throw CommandFailure(.usage, "the value is empty: give it on standard input or with --file")
        }
        return Secret(bytes)
    }

    private func write(_ value: Secret, to name: String, _ kind: Parameter.Kind, _ access: DirectAccess) async throws {
        do throws(AWSError) {
            var version: Int64?
            if !yes {
                do throws(AWSError) {
                    version = try await access.upstreams.parameterStore.put(
                        name, value: value, kind: kind, overwrite: false, deadline: access.deadline)
                } catch {
                    guard error.kind == .alreadyExists else { throw error }
                }
            }
            if version == nil {
                guard yes || Self.confirms(name) else { return try Self.keep(name) }
                version = try await access.upstreams.parameterStore.put(
                    name, value: value, kind: kind, overwrite: true, deadline: access.deadline)
            }
            Terminal.print("\(name) version \(version ?? 0)")
        } catch {
            if error.kind == .alreadyExists { throw CommandFailure(.notSo, error.hint ?? "\(name) is there already") }
            var failure = CommandFailure(UpstreamFault(error, from: .parameterStore), what: "parameter")
            if let hint = error.hint { failure = CommandFailure(failure.status, "\(failure.message): \(hint)") }
            throw failure
        }
    }

    private static func keep(_ name: String) throws(AWSError) {
        throw AWSError(.alreadyExists, hint: "\(name) is there already: --yes writes over it")
    }

    private static func confirms(_ name: String) -> Bool {
        guard isatty(STDIN_FILENO) == 1 else { return false }
        Terminal.complain("\(name) is there already. write over it? type yes:")
        return readLine() == "yes"
    }
}
