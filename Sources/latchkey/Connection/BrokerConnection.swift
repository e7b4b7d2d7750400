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
    private let key: Secret

    /// - Parameter defaultURL: the address to use if `LATCHKEY_URL` is not set; nil makes the setting required.
    init(_ settings: Settings, defaultURL: String? = nil) throws {
        guard let url = settings.url ?? defaultURL.flatMap({ BrokerURL($0) }) else {
            throw CommandFailure(.configuration, "LATCHKEY_URL is not set: the address of a running broker")
        }
        guard let key = settings.apiKey else {
            throw CommandFailure(.configuration, "LATCHKEY_API_KEY is not set: the broker's key")
        }
        self.url = url
        self.key = key
        client = try HTTPClient()
    }

    /// - Parameter client: may be shared by connections to several brokers.
    init(_ url: BrokerURL, key: Secret, client: HTTPClient) { (self.url, self.key, self.client) = (url, key, client) }

    /// Sends a GET. An error status is a normal response.
    func get(
        _ target: String, accept: String = "application/json", timeout: Duration = timeout
    ) async throws(HTTPClientError) -> HTTPResponse {
        let request = HTTPRequest(
            method: "GET", target: url.base + target,
            fields: [
                "Authorization": "Bearer \(key.revealText() ?? "")", "Accept": accept, "User-Agent": Version.userAgent,
            ])
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
