internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyNet
internal import LatchkeySettings
internal import LatchkeyUpstream

/// A running broker as the client commands see it.
struct BrokerConnection: Sendable {
    /// The longest a command waits for one answer: more than the broker lets its callers wait by default.
    static let patience: Duration = .seconds(30)

    let client: HTTPClient
    private let url: BrokerURL
    private let key: Secret

    /// - Parameter standard: the address where `LATCHKEY_URL` is not set; nil makes it required.
    init(_ settings: Settings, standard: String? = nil) throws {
        guard let url = settings.url ?? standard.flatMap({ BrokerURL($0) }) else {
            throw CommandFailure(.configuration, "LATCHKEY_URL is not set: the address of a running broker")
        }
        guard let key = settings.apiKey else {
            throw CommandFailure(.configuration, "LATCHKEY_API_KEY is not set: the broker's key")
        }
        self.url = url
        self.key = key
        client = try HTTPClient()
    }

    /// One GET. An error answer is a response like any other.
    func get(_ target: String, accept: String = "application/json") async throws(HTTPClientError) -> HTTPResponse {
        let request = HTTPRequest(
            method: "GET", target: url.base + target,
            fields: [
                "Authorization": "Bearer \(key.revealText() ?? "")", "Accept": accept, "User-Agent": Version.userAgent,
            ])
        return try await client.execute(request, to: url.origin, deadline: .current + Self.patience)
    }

    /// One GET that must be answered, be it with an error.
    func reach(_ target: String, accept: String = "application/json") async throws -> HTTPResponse {
        do throws(HTTPClientError) {
            return try await get(target, accept: accept)
        } catch {
            throw CommandFailure(.unavailable, "the broker at \(url) cannot be reached [\(error.code)]")
        }
    }

    /// One GET that must succeed.
    func require(_ target: String, accept: String = "application/json") async throws -> HTTPResponse {
        let response = try await reach(target, accept: accept)
        guard response.status == 200 else { throw Self.failure(response) }
        return response
    }

    /// What an error answer means to a command.
    static func failure(_ response: HTTPResponse) -> CommandFailure {
        let problem = try? JSON(parsing: response.body)
        let detail = problem?["detail"]?.string ?? "the broker answered \(response.status)"
        let status: ExitStatus =
            switch response.status {
            case 401, 403: .denied
            case 404: .notSo
            case 400..<500: .usage
            default: problem?["code"]?.string == Problem.Code.upstreamDenied.rawValue ? .denied : .unavailable
            }
        return CommandFailure(status, detail)
    }
}

/// The upstreams without a broker in between, for commands run without `LATCHKEY_URL`.
struct DirectAccess {
    let upstreams: Upstreams
    private let patience: Duration
    /// Says which secrets are kept in Secrets Manager.
    private let follower: BackendFollower?
    /// Why nobody knows where secrets are read (backend `auto`).
    private let unknownBackend: UpstreamFault?

    /// Where the backend is `auto`, asks once which one is in force.
    init(_ settings: Settings) async throws {
        let log = CommandEnvironment.quietLogger(sink: LogSink())
        upstreams = try Upstreams(settings, time: .system, log: log)
        patience = settings.upstreamTimeout * 2
        follower = upstreams.backendFollower(settings, isUsed: { true }, time: .system, log: log)
        guard settings.backend.fixed != nil else {
            unknownBackend = await follower?.readOnce()
            return
        }
        unknownBackend = nil
        // A token may need no store at all.
        if follower != nil { upstreams.secrets.keptIsUnread("has not been read yet") }
    }

    var deadline: MonotonicTime { .current + patience }

    func token(_ profile: ProfileID) async throws -> ServedToken {
        do throws(UpstreamFault) {
            let served: ServedToken
            do throws(UpstreamFault) {
                served = try await upstreams.tokens.token(profile, deadline: deadline)
            } catch  where error.code == SecretBroker.backendUnknownCode && upstreams.secrets.places == nil {
                // The issuer's credentials may be in a kept secret.
                await follower?.look()
                served = try await upstreams.tokens.token(profile, deadline: deadline)
            }
            await upstreams.tokens.drain(by: deadline)
            return served
        } catch {
            throw failure(error, what: "token")
        }
    }

    /// Reads which secrets are kept in Secrets Manager, unless that is known.
    func readKept() async {
        if unknownBackend == nil, upstreams.secrets.places == nil { await follower?.look() }
    }

    func secret(_ key: SecretKey) async throws -> SecretEntry {
        await readKept()
        do throws(UpstreamFault) {
            return try await entry(key)
        } catch {
            throw failure(error, what: "secret")
        }
    }

    /// What is absent while the list of kept secrets is not known is looked for once more, after another look at the list.
    private func entry(_ key: SecretKey) async throws(UpstreamFault) -> SecretEntry {
        do throws(UpstreamFault) {
            return try await upstreams.secrets.secret(SecretQuery(key), deadline: deadline).entry
        } catch {
            guard error.code == SecretBroker.backendUnknownCode, unknownBackend == nil else { throw error }
        }
        await readKept()
        return try await upstreams.secrets.secret(SecretQuery(key), deadline: deadline).entry
    }

    /// What is not known is told by what kept it from being known: a word that is missing is a matter of configuration,
    /// a list of kept secrets that could not be read is one of the store.
    private func failure(_ fault: UpstreamFault, what: String) -> CommandFailure {
        guard fault.code == SecretBroker.backendUnknownCode else { return CommandFailure(fault, what: what) }
        if let unknownBackend { return CommandFailure(unknownBackend, what: what) }
        return CommandFailure(.unavailable, CommandFailure(fault, what: what).message)
    }
}
