internal import ArgumentParser
internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyNet
internal import LatchkeyService
internal import LatchkeySettings

/// `latchkey health`.
struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health", abstract: "Ask a running broker whether it is ready.",
        discussion: """
            Exit code 0 if it is ready, 1 if it is not, 69 if it cannot be reached. Needs no key. Asks the broker at \
            LATCHKEY_URL, or else the first address of the settings that `latchkey serve` would use here: \
            LATCHKEY_PROBE_LISTEN, or LATCHKEY_LISTEN.
            """)

    /// The time for the whole request.
    private static let timeout: Duration = .seconds(5)

    @Flag(help: "Ask only whether the process answers (/livez).") var live = false
    @Flag(help: "Print nothing.") var quiet = false

    func run() async throws {
        try await finishing {
            let settings = try CommandEnvironment.settings(need: .broker)
            let url = try Self.url(settings)
            let response = try await ask(url)
            guard response.status == 200 else {
                throw CommandFailure(.failed, "the broker at \(url) is not ready")
            }
            if !quiet { Terminal.print(live ? "alive" : "ready") }
        }
    }

    private func ask(_ url: BrokerURL) async throws -> HTTPResponse {
        let client = try HTTPClient()
        let request = HTTPRequest(
            method: "GET", target: url.base + (live ? "/livez" : "/readyz"), fields: ["User-Agent": Version.userAgent])
        do throws(HTTPClientError) {
            return try await client.execute(request, to: url.origin, deadline: .current + Self.timeout)
        } catch {
            throw CommandFailure(.unavailable, "the broker at \(url) cannot be reached [\(error.code)]")
        }
    }

    private static func url(_ settings: Settings) throws -> BrokerURL {
        if let url = settings.url { return url }
        let scheme = settings.tls == nil ? "http" : "https"
        let place =
            settings.probeListen.map { local($0, "http") } ?? settings.listen.first.map { local($0, scheme) }
        guard let text = place ?? nil, let url = BrokerURL(text) else {
            throw CommandFailure(.configuration, "LATCHKEY_URL is not set: the address of a running broker")
        }
        return url
    }

    /// How this machine reaches a listener: a wildcard address through loopback.
    private static func local(_ place: ListenAddress, _ scheme: String) -> String? {
        switch place.addresses.first {
        case nil: nil
        case .unix(let path): "unix:\(path)"
        case .ipv4(0, let port): "\(scheme)://127.0.0.1:\(port)"
        case .ipv6(let bytes, let port, _) where bytes.allSatisfy { $0 == 0 }: "\(scheme)://[::1]:\(port)"
        case let address?: "\(scheme)://\(address)"
        }
    }
}
