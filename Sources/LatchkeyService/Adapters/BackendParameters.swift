internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMetrics
internal import LatchkeyUpstream

/// Reads the parameters that say where a fleet reads its secrets.
package struct BackendParameters: Sendable {
    let store: ParameterStore
    let backend: String
    let kept: String
    /// Whether to read the backend too. False if the settings name it.
    let readsBackend: Bool

    init(store: ParameterStore, prefix: String, readsBackend: Bool) {
        self.store = store
        backend = Self.backend(below: prefix)
        kept = Self.kept(below: prefix)
        self.readsBackend = readsBackend
    }

    /// The parameters in the form that ``BackendFollower`` takes.
    var followed: BackendFollower.Parameters {
        BackendFollower.Parameters(backend: backend, kept: kept) { await read(deadline: $0) }
    }

    /// The name of the parameter that holds the backend.
    package static func backend(below prefix: String) -> String { "\(prefix)/latchkey/backend" }

    /// The name of the parameter that lists the secrets kept in Secrets Manager.
    package static func kept(below prefix: String) -> String { "\(prefix)/latchkey/kept" }

    /// Reads both parameters in one GetParameters, so that their values are applied together.
    func read(deadline: MonotonicTime) async -> BackendReading {
        do throws(AWSError) {
            let names = readsBackend ? [backend, kept] : [kept]
            let found = try await store.get(names, deadline: deadline).parameters
            // A value that is not text counts as empty, which is neither a backend nor a list.
            let text = { (name: String) in found.first { $0.name == name }.map { $0.value.revealText() ?? "" } }
            return BackendReading(
                backend: readsBackend ? FollowedBackend.Look(text(backend)) : nil,
                kept: FollowedKeptList.Look(text(kept)))
        } catch {
            let fault = fault(error, of: readsBackend ? backend : kept)
            guard error.isDenialOfName else {
                return BackendReading(backend: readsBackend ? .unread(fault) : nil, kept: .unread(fault))
            }
            guard readsBackend else { return BackendReading(backend: nil, kept: .denied(fault)) }
            return await readApart(deadline)
        }
    }

    /// Reads each parameter in a call of its own, because AWS refuses the whole call if a policy forbids one name.
    private func readApart(_ deadline: MonotonicTime) async -> BackendReading {
        let word: FollowedBackend.Look
        switch await readAlone(backend, deadline) {
        case .success(let text): word = FollowedBackend.Look(text)
        case .failure(let error):
            let fault = fault(error, of: backend)
            return BackendReading(backend: .unread(fault), kept: .unread(fault))
        }
        switch await readAlone(kept, deadline) {
        case .success(let text): return BackendReading(backend: word, kept: FollowedKeptList.Look(text))
        case .failure(let error) where error.isDenialOfName:
            return BackendReading(backend: word, kept: .denied(fault(error, of: kept)))
        case .failure(let error):
            let fault = fault(error, of: kept)
            return BackendReading(backend: .unread(fault), kept: .unread(fault))
        }
    }

    private func readAlone(_ name: String, _ deadline: MonotonicTime) async -> Result<String?, AWSError> {
        do throws(AWSError) {
            return .success(try await store.get(name, deadline: deadline).value.revealText() ?? "")
        } catch {
            return error.kind == .notFound ? .success(nil) : .failure(error)
        }
    }

    private func fault(_ error: AWSError, of parameter: String) -> UpstreamFault {
        var fault = UpstreamFault(error, from: .parameterStore)
        fault.subject = parameter
        return fault
    }
}

extension FollowedBackend.Look {
    /// - Parameter text: the parameter's value; nil if it does not exist.
    fileprivate init(_ text: String?) { self = if let text { .name(text) } else { .absent } }
}

extension FollowedKeptList.Look {
    /// - Parameter text: the parameter's value; nil if it does not exist.
    fileprivate init(_ text: String?) { self = if let text { .text(text) } else { .absent } }
}

extension AWSError {
    /// Whether a policy forbids the parameter or its key. Wrong or expired credentials do not count.
    fileprivate var isDenialOfName: Bool {
        kind == .denied && (concernsKMSKey || code?.hasPrefix("AccessDenied") == true)
    }
}
