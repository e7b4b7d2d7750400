internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyNet
internal import LatchkeyService

/// The Lambda Extensions API, version 2020-01-01.
struct ExtensionsAPI: Sendable {
    /// What went wrong with the API itself, lower case.
    struct Failure: Error {
        let message: String
    }

    private static let base = "/2020-01-01/extension"
    /// For calls that are answered at once.
    private static let timeout: Duration = .seconds(5)
    /// For the next event, which may be days away: between two the whole machine stands still, and the clock does not.
    private static let eventPatience: Duration = .seconds(10 * 365 * 86_400)

    private let client: HTTPClient
    private let origin: Origin

    init(host: String, port: UInt16) throws(SystemError) {
        var configuration = HTTPClient.Configuration()
        configuration.headTimeout = Self.eventPatience
        client = try HTTPClient(configuration: configuration)
        origin = Origin(scheme: .http, host: host, port: port)
    }

    /// Registers for both events.
    /// - Parameter name: that of the file in `/opt/extensions`.
    /// - Returns: what every other call is identified by.
    func register(name: String) async throws(Failure) -> String {
        let events: JSON = ["events": ["INVOKE", "SHUTDOWN"]]
        let response = try await send(
            HTTPRequest(
                method: "POST", target: "\(Self.base)/register",
                fields: ["Lambda-Extension-Name": name, "Content-Type": "application/json"], body: events.bytes()),
            Self.timeout)
        guard response.status == 200, let id = response.fields["Lambda-Extension-Identifier"], !id.isEmpty else {
            throw Failure(message: "the extensions api does not register \(name): status \(response.status)")
        }
        return id
    }

    /// Tells that all is done so far, and waits for what comes next.
    func next(_ id: String) async throws(Failure) -> LambdaEvent {
        let response = try await send(
            HTTPRequest(
                method: "GET", target: "\(Self.base)/event/next", fields: ["Lambda-Extension-Identifier": id]),
            Self.eventPatience)
        guard response.status == 200, let event = LambdaEvent(response.body) else {
            throw Failure(message: "the extensions api gives no event: status \(response.status)")
        }
        return event
    }

    /// When an extension fails.
    enum Phase: String {
        case initialising = "init"
        case leaving = "exit"
    }

    /// Tells that the extension fails and leaves. Best effort: it leaves anyway.
    /// - Parameter kind: a word for what failed, as `Extension.Settings`.
    func report(_ phase: Phase, _ id: String, kind: String, message: String) async {
        let body: JSON = ["errorMessage": .string(message), "errorType": .string(kind), "stackTrace": []]
        _ = try? await send(
            HTTPRequest(
                method: "POST", target: "\(Self.base)/\(phase.rawValue)/error",
                fields: [
                    "Lambda-Extension-Identifier": id, "Lambda-Extension-Function-Error-Type": kind,
                    "Content-Type": "application/json",
                ], body: body.bytes()), Self.timeout)
    }

    func shutdown() { client.shutdown() }

    private func send(_ request: HTTPRequest, _ timeout: Duration) async throws(Failure) -> HTTPResponse {
        do throws(HTTPClientError) {
            return try await client.execute(request, to: origin, deadline: MonotonicTime.current + timeout)
        } catch {
            throw Failure(message: "the extensions api cannot be reached: \(error.code)")
        }
    }
}
