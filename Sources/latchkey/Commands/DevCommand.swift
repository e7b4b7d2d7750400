internal import ArgumentParser
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyService
internal import Logging

/// `latchkey dev`.
struct DevCommand: ConfinedCommand {
    static let configuration = CommandConfiguration(
        commandName: "dev",
        abstract: "Run the broker on an embedded Parameter Store, Secrets Manager and issuer.",
        discussion: """
            Everything listens on loopback and is kept in memory only. The key is that of LATCHKEY_API_KEY, or a new \
            one. NOT FOR PRODUCTION.
            """)

    @Option(help: "The broker's port; 0 picks a free one.") var port: UInt16 = 8700
    @Flag(help: "Print one JSON line first: url, key, aws_endpoint_url, token_url.") var json = false

    func prepare() -> Result<DevPreparation, any Error> {
        CommandEnvironment.harden()
        Signals.survive()
        return Result {
            var environment = CommandEnvironment.variables
            // The log is for people here.
            environment["LATCHKEY_LOG_FORMAT"] = environment["LATCHKEY_LOG_FORMAT"] ?? "text"
            return try DevPreparation(port: port, environment: environment)
        }
    }

    func run(_ prepared: Result<DevPreparation, any Error>) async throws {
        try await finishing {
            let prepared = try prepared.get()
            let sink = LogSink()
            let signals = try Signals()
            let dev = try start(prepared, sink)
            Terminal.print(json ? line(dev) : banner(dev))
            let log = CommandEnvironment.quietLogger(sink: sink)
            await signals.untilAskedToStop(log: log)
            await dev.stop(delayEndedBy: signals, log: log)
            sink.flush(timeout: .seconds(1))
        }
    }

    private func start(_ prepared: DevPreparation, _ sink: LogSink) throws -> DevService {
        do {
            return try DevService.start(prepared, sink: sink)
        } catch is HTTPServer.StartError {
            throw CommandFailure(.configuration, "cannot listen on loopback")
        } catch is SigningError {
            throw CommandFailure(.configuration, "cannot make a signing key")
        }
    }

    private func line(_ dev: DevService) -> String {
        JSON.object([
            "url": .string(dev.url), "key": .string(dev.key.revealText() ?? ""),
            "aws_endpoint_url": .string(dev.awsEndpointURL), "token_url": .string(dev.tokenURL),
        ]).text
    }

    private func banner(_ dev: DevService) -> String {
        let key = dev.key.revealText() ?? ""
        let curl = "curl -s -H 'Authorization: Bearer \(key)'"
        return """
            latchkey \(Version.number) for development: embedded upstreams, everything in memory. NOT FOR PRODUCTION.

            address  \(dev.url)
            key      \(key)

            in a second terminal:
              export LATCHKEY_URL=\(dev.url)
              export LATCHKEY_API_KEY=\(ShellWord.quoted(key))
              latchkey token
            for AWS SDKs and the aws command line, to the embedded AWS:
              export AWS_ENDPOINT_URL=\(dev.awsEndpointURL) AWS_DEFAULT_REGION=\(dev.region)
              export AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any

            a token; the second request gets it from memory:
              \(curl) -i \(dev.url)/token
            a field of the blob \(dev.prefix)/secrets, and a separate parameter:
              \(curl) \(dev.url)/secrets/STRIPE_KEY
              \(curl) -H 'Accept: text/plain' \(dev.url)/secrets/db/password
            health and metrics:
              \(curl) \(dev.url)/health
              \(curl) \(dev.url)/metrics

            the embedded AWS, with any credentials:
              AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any AWS_DEFAULT_REGION=\(dev.region) \\
                aws --endpoint-url \(dev.awsEndpointURL) ssm get-parameter --with-decryption --name \(dev.prefix)/mongodb-uri
            the same parameter through the broker, which the SDK knows by its key:
              AWS_ACCESS_KEY_ID=default AWS_SECRET_ACCESS_KEY=\(ShellWord.quoted(key)) AWS_DEFAULT_REGION=\(dev.region) \\
                aws --endpoint-url \(dev.url) ssm get-parameter --with-decryption --name \(dev.prefix)/mongodb-uri
            requests that the embedded upstreams received:
              curl -s \(dev.awsEndpointURL)/dev/requests

            ctrl-c stops it.
            """
    }
}
