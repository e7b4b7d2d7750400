internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMetrics
internal import LatchkeyUpstream

/// The parameters that say where a fleet reads secrets, and how they are read.
struct BackendParameters: Sendable {
    /// What one reading gave.
    struct Reading: Sendable {
        /// Nil where the backend is not read.
        var backend: BackendWord.Look?
        var kept: KeptWord.Look
    }

    let store: ParameterStore
    let backend: String
    let kept: String
    /// Whether the backend is read too (backend `auto`).
    let readsBackend: Bool

    init(store: ParameterStore, prefix: String, readsBackend: Bool) {
        self.store = store
        backend = Self.backend(below: prefix)
        kept = Self.kept(below: prefix)
        self.readsBackend = readsBackend
    }

    /// The parameter that names the backend.
    static func backend(below prefix: String) -> String { "\(prefix)/latchkey/backend" }

    /// The parameter that lists the secrets that stay in Secrets Manager.
    static func kept(below prefix: String) -> String { "\(prefix)/latchkey/kept" }

    /// Reads both in one GetParameters, so that they can be applied together.
    func read(deadline: MonotonicTime) async -> Reading {
        do throws(AWSError) {
            let names = readsBackend ? [backend, kept] : [kept]
            let found = try await store.get(names, deadline: deadline).parameters
            // What is not text is no backend's name and no list either.
            let text = { (name: String) in found.first { $0.name == name }.map { $0.value.revealText() ?? "" } }
            return Reading(
                backend: readsBackend ? BackendWord.Look(text(backend)) : nil, kept: KeptWord.Look(text(kept)))
        } catch {
            let fault = fault(error, of: readsBackend ? backend : kept)
            guard error.isDenialOfName else {
                return Reading(backend: readsBackend ? .unread(fault) : nil, kept: .unread(fault))
            }
            guard readsBackend else { return Reading(backend: nil, kept: .denied(fault)) }
            return await readApart(deadline)
        }
    }

    /// AWS refuses a whole call because of one name that a policy forbids.
    private func readApart(_ deadline: MonotonicTime) async -> Reading {
        let word: BackendWord.Look
        switch await readAlone(backend, deadline) {
        case .success(let text): word = BackendWord.Look(text)
        case .failure(let error):
            let fault = fault(error, of: backend)
            return Reading(backend: .unread(fault), kept: .unread(fault))
        }
        switch await readAlone(kept, deadline) {
        case .success(let text): return Reading(backend: word, kept: KeptWord.Look(text))
        case .failure(let error) where error.isDenialOfName:
            return Reading(backend: word, kept: .denied(fault(error, of: kept)))
        case .failure(let error):
            let fault = fault(error, of: kept)
            return Reading(backend: .unread(fault), kept: .unread(fault))
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

extension BackendWord.Look {
    /// - Parameter text: what the parameter holds; nil where it is not there.
    fileprivate init(_ text: String?) { self = if let text { .name(text) } else { .absent } }
}

extension KeptWord.Look {
    /// - Parameter text: what the parameter holds; nil where it is not there.
    fileprivate init(_ text: String?) { self = if let text { .text(text) } else { .absent } }
}

extension AWSError {
    /// Whether a policy forbids it, of the parameter or of its key: not credentials that are wrong or have expired.
    fileprivate var isDenialOfName: Bool { kind == .denied && (isOfKey || code?.hasPrefix("AccessDenied") == true) }
}
