internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyNet
internal import LatchkeyService

/// The Lambda Extensions API, version 2020-01-01.
struct ExtensionsAPI: Sendable {
    /// What failed, in lower case.
    struct Failure: Error {
        let message: String
    }

    private static let base = "/2020-01-01/extension"
    /// Timeout of calls that are answered at once.
    private static let timeout: Duration = .seconds(5)
    /// Timeout of the call for the next event, which may take days: between events the whole machine is frozen, but the
    /// wall clock is not.
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
    /// - Parameter name: the file's name in `/opt/extensions`.
    /// - Returns: the id for all other calls.
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

    /// Reports that all work is done, and waits for the next event.
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

    /// Reports that the extension fails and exits. Best effort, because it exits anyway.
    /// - Parameter kind: the error type, such as `Extension.Settings`.
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
