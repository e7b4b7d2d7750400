internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyNet
internal import LatchkeyService
internal import LatchkeySettings
internal import LatchkeyUpstream

/// The upstreams without a broker, for commands run without `LATCHKEY_URL`.
struct DirectAccess {
    let upstreams: Upstreams
    private let timeout: Duration
    /// Reads which secrets are kept in Secrets Manager.
    private let follower: BackendFollower?
    /// Why the backend is unknown (backend `auto`).
    private let unknownBackend: UpstreamFault?

    /// With the backend `auto`, reads once which backend is in force.
    init(_ settings: Settings) async throws {
        let log = CommandEnvironment.quietLogger(sink: LogSink())
        upstreams = try Upstreams(settings, time: .system, log: log)
        timeout = settings.upstreamTimeout * 2
        follower = upstreams.backendFollower(settings, isUsed: { true }, time: .system, log: log)
        guard settings.backend.fixed != nil else {
            unknownBackend = await follower?.readOnce()
            return
        }
        unknownBackend = nil
        // The list is read on demand, because a token may need no store.
        if follower != nil { upstreams.secrets.keptListIsUnreadable("has not been read yet") }
    }

    var deadline: MonotonicTime { .current + timeout }

    func token(_ profile: ProfileID) async throws -> ServedToken {
        do throws(UpstreamFault) {
            let served: ServedToken
            do throws(UpstreamFault) {
                served = try await upstreams.tokens.token(profile, deadline: deadline)
            } catch  where error.code == SecretBroker.backendUnknownCode && upstreams.secrets.routing == nil {
                // The issuer's credentials may be in a kept secret.
                await follower?.check()
                served = try await upstreams.tokens.token(profile, deadline: deadline)
            }
            await upstreams.tokens.drain(by: deadline)
            return served
        } catch {
            throw failure(error, what: "token")
        }
    }

    /// Reads the list of kept secrets unless it is known.
    func readKept() async {
        if unknownBackend == nil, upstreams.secrets.routing == nil { await follower?.check() }
    }

    func secret(_ key: SecretKey) async throws -> SecretEntry {
        await readKept()
        do throws(UpstreamFault) {
            return try await entry(key)
        } catch {
            throw failure(error, what: "secret")
        }
    }

    /// Reads the secret. If it is not found and the list of kept secrets is unknown, reads the list and tries again.
    private func entry(_ key: SecretKey) async throws(UpstreamFault) -> SecretEntry {
        do throws(UpstreamFault) {
            return try await upstreams.secrets.secret(SecretQuery(key), deadline: deadline).entry
        } catch {
            guard error.code == SecretBroker.backendUnknownCode, unknownBackend == nil else { throw error }
        }
        await readKept()
        return try await upstreams.secrets.secret(SecretQuery(key), deadline: deadline).entry
    }

    /// A missing backend parameter is a configuration error. An unreadable list of kept secrets is a failure of the
    /// store.
    private func failure(_ fault: UpstreamFault, what: String) -> CommandFailure {
        guard fault.code == SecretBroker.backendUnknownCode else { return CommandFailure(fault, what: what) }
        if let unknownBackend { return CommandFailure(unknownBackend, what: what) }
        return CommandFailure(.unavailable, CommandFailure(fault, what: what).message)
    }
}
