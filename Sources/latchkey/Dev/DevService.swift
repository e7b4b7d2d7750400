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

    /// - Throws: the settings' problems, or the address that cannot be listened on.
    static func start(_ prepared: DevPreparation, sink: LogSink) throws -> DevService {
        let seed = prepared.seed
        var configuration = DevPeers.Configuration(seed: seed, signingKey: try SigningKey.generateRSA())
        configuration.acceptsForeignKeys = true
        guard let anyPort = SocketAddress(literal: "127.0.0.1", port: 0) else {
            throw CommandFailure(.usage, "no loopback")
        }
        let peers = try HTTPServer.start(
            simple: LocalRequests.only(DevPeers(configuration).handler), on: [anyPort])
        let endpoint = "http://\(peers.addresses.first.map { "\($0)" } ?? "")"
        let settings = try prepared.settings(endpoint: endpoint)
        let log = CommandEnvironment.logger(settings, sink: sink)
        prepared.confinement?.log(log)
        let service = try Service.start(settings, confinement: prepared.confinement, log: log, sink: sink)
        return DevService(
            url: "http://\(service.addresses.first.map { "\($0)" } ?? "")", key: prepared.key,
            awsEndpointURL: endpoint, tokenURL: "\(endpoint)/oauth/token", region: seed.location.region,
            prefix: seed.prefix, peers: peers, service: service)
    }

    /// Stops as ``Service/stop(delayEndedBy:log:)`` does, and then the embedded upstreams.
    func stop(delayEndedBy signals: Signals, log: Logger) async {
        await service.stop(delayEndedBy: signals, log: log)
        await peers.drain(timeout: .seconds(1))
    }
}
