internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyDev
internal import LatchkeyHTTP
internal import LatchkeyNet
internal import LatchkeyService
internal import LatchkeySettings
internal import Logging

/// The broker with embedded upstreams, for `latchkey dev`. Not for production: everything is in memory and lost at the
/// end.
struct DevService: Sendable {
    /// The broker's address, such as `http://127.0.0.1:8700`.
    let url: String
    /// The broker's key: `LATCHKEY_API_KEY`, or a new one for this run.
    let key: Secret
    /// The embedded Parameter Store and Secrets Manager.
    let awsEndpointURL: String
    /// The embedded issuer's token endpoint.
    let tokenURL: String
    let region: String
    let prefix: String

    private let peers: HTTPServer
    private let service: Service

    /// - Parameter port: the broker's port; 0 picks one.
    static func start(port: UInt16, environment: [String: String], sink: LogSink) throws -> DevService {
        let prefix = environment[SettingName.prefix.rawValue] ?? "/your-app/dev"
        let seed = DevSeed.random(prefix: prefix)
        var configuration = DevPeers.Configuration(seed: seed, signingKey: try SigningKey.generateRSA())
        configuration.acceptsForeignKeys = true
        guard let anyPort = SocketAddress(literal: "127.0.0.1", port: 0) else {
            throw CommandFailure(.usage, "no loopback")
        }
        let peers = try HTTPServer.start(
            simple: LocalRequests.only(DevPeers(configuration).handler), on: [anyPort])
        let endpoint = "http://\(peers.addresses.first.map { "\($0)" } ?? "")"
        let key = environment[SettingName.apiKey.rawValue] ?? Hex.encode(Random.bytes(32))
        var settings = try CommandEnvironment.settings(
            flags: [.listen: "127.0.0.1:\(port)"],
            environment: brokerEnvironment(environment, seed: seed, endpoint: endpoint, key: key), need: .server)
        settings.requiresLoopbackHost = true
        let service = try Service.start(
            settings, log: CommandEnvironment.logger(settings, sink: sink), sink: sink)
        return DevService(
            url: "http://\(service.addresses.first.map { "\($0)" } ?? "")", key: Secret(key), awsEndpointURL: endpoint,
            tokenURL: "\(endpoint)/oauth/token", region: seed.location.region, prefix: prefix, peers: peers,
            service: service)
    }

    /// The caller's environment with the embedded upstreams in place of all settings for real ones.
    private static func brokerEnvironment(
        _ environment: [String: String], seed: DevSeed, endpoint: String, key: String
    ) -> [String: String] {
        var result = environment.filter { name, _ in
            !name.hasPrefix("AWS_") && !name.hasPrefix("AUTH0_") && name != SettingName.config.rawValue
        }
        result["AWS_REGION"] = seed.location.region
        result["AWS_ACCESS_KEY_ID"] = seed.accessKeyID
        result["AWS_SECRET_ACCESS_KEY"] = seed.secretAccessKey.revealText()
        result["AWS_ENDPOINT_URL"] = endpoint
        // The user's own files must not apply either.
        result["AWS_CONFIG_FILE"] = "/dev/null"
        result["AWS_SHARED_CREDENTIALS_FILE"] = "/dev/null"
        result[SettingName.auth0TokenURL.rawValue] = "\(endpoint)/oauth/token"
        result[SettingName.apiKey.rawValue] = key
        return result
    }

    /// Stops as ``Service/stop(delayEndedBy:log:)`` does, and then the embedded upstreams.
    func stop(delayEndedBy signals: Signals, log: Logger) async {
        await service.stop(delayEndedBy: signals, log: log)
        await peers.drain(timeout: .seconds(1))
    }
}
