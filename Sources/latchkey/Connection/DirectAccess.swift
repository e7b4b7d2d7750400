internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyNet
internal import LatchkeyService
internal import LatchkeySettings
internal import LatchkeyUpstream

/// The upstreams without a broker in between, for commands run without `LATCHKEY_URL`.
struct DirectAccess {
    let upstreams: Upstreams
    private let timeout: Duration
    /// Says which secrets are kept in Secrets Manager.
    private let follower: BackendFollower?
    /// Why nobody knows where secrets are read (backend `auto`).
    private let unknownBackend: UpstreamFault?

    /// Where the backend is `auto`, asks once which one is in force.
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
        // A token may need no store at all.
        if follower != nil { upstreams.secrets.keptIsUnread("has not been read yet") }
    }

    var deadline: MonotonicTime { .current + timeout }

    func token(_ profile: ProfileID) async throws -> ServedToken {
        do throws(UpstreamFault) {
            let served: ServedToken
            do throws(UpstreamFault) {
                served = try await upstreams.tokens.token(profile, deadline: deadline)
            } catch  where error.code == SecretBroker.backendUnknownCode && upstreams.secrets.places == nil {
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

    /// Reads which secrets are kept in Secrets Manager, unless that is known.
    func readKept() async {
        if unknownBackend == nil, upstreams.secrets.places == nil { await follower?.check() }
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
