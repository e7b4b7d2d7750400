internal import LatchkeyAPI
internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyNet
internal import LatchkeyService
internal import LatchkeySettings
internal import LatchkeyUpstream

/// The client commands' connection to a running broker.
struct BrokerConnection: Sendable {
    /// Timeout of one request: longer than the broker's default caller timeout.
    static let timeout: Duration = .seconds(30)

    let client: HTTPClient
    let url: BrokerURL
    /// Nil for a Unix socket whose peers are known by their user.
    private let key: Secret?

    /// - Parameters:
    ///   - defaultURL: the address to use if `LATCHKEY_URL` is not set; nil makes the setting required.
    ///   - maxConnections: how many requests may be under way at once.
    init(_ settings: Settings, defaultURL: String? = nil, maxConnections: Int = 64) throws {
        guard let url = settings.url ?? defaultURL.flatMap({ BrokerURL($0) }) else {
            throw CommandFailure(.configuration, "LATCHKEY_URL is not set: the address of a running broker")
        }
        let key = settings.apiKey
        guard key != nil || url.origin.socketPath != nil else {
            throw CommandFailure(.configuration, "LATCHKEY_API_KEY is not set: the broker's key")
        }
        self.url = url
        self.key = key
        var configuration = HTTPClient.Configuration()
        configuration.maxConnectionsPerOrigin = maxConnections
        client = try HTTPClient(configuration: configuration)
    }

    /// - Parameter client: may be shared by connections to several brokers.
    init(_ url: BrokerURL, key: Secret, client: HTTPClient) { (self.url, self.key, self.client) = (url, key, client) }

    /// Sends a GET. An error status is a normal response.
    ///
    /// - Parameter tag: an entity tag; a response whose tag is the same is 304.
    func get(
        _ target: String, accept: String = "application/json", unless tag: String? = nil, timeout: Duration = timeout
    ) async throws(HTTPClientError) -> HTTPResponse {
        var request = HTTPRequest(
            method: "GET", target: url.base + target,
            fields: ["Accept": accept, "User-Agent": Version.userAgent])
        if let key { request.fields.append("Authorization", "Bearer \(key.revealText() ?? "")") }
        if let tag { request.fields.append("If-None-Match", tag) }
        return try await client.execute(request, to: url.origin, deadline: .current + timeout)
    }

    /// Sends a GET and throws if there is no response.
    func reach(_ target: String, accept: String = "application/json") async throws -> HTTPResponse {
        do throws(HTTPClientError) {
            return try await get(target, accept: accept)
        } catch {
            throw CommandFailure(.unavailable, "the broker at \(url) cannot be reached [\(error.code)]")
        }
    }

    /// Sends a GET and throws unless the status is 200.
    func require(_ target: String, accept: String = "application/json") async throws -> HTTPResponse {
        let response = try await reach(target, accept: accept)
        guard response.status == 200 else { throw Self.failure(response) }
        return response
    }

    /// The failure of a command after an error response.
    static func failure(_ response: HTTPResponse) -> CommandFailure {
        let problem = try? JSON(parsing: response.body)
        let detail = problem?["detail"]?.string ?? "the broker answered \(response.status)"
        let status: ExitStatus =
            switch response.status {
            case 401, 403: .denied
            case 404: .failed
            case 400..<500: .usage
            default: problem?["code"]?.string == Problem.Code.upstreamDenied.rawValue ? .denied : .unavailable
            }
        return CommandFailure(status, detail)
    }
}
