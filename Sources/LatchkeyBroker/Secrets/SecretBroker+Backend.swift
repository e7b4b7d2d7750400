package import LatchkeyCore
internal import Synchronization

// Which backend is in force, and callers that come before that is known (backend `auto`).

extension SecretBroker {
    /// The code of what callers are told while nobody knows which backend is in force.
    package static let backendUnknownCode = FaultCode.backendUnknown.rawValue

    /// Where secrets are read; nil while that is not known.
    package var backend: SecretBackend? { state.withLock { $0.backend } }

    /// The store in force; Parameter Store while that is not known.
    package var store: SecretStore { backend?.store ?? .parameterStore }

    /// Reads secrets there from now on, and lets the callers go on who waited to know. What memory has of the other store
    /// stays, for the way back.
    package func follow(_ backend: SecretBackend) {
        state.withLock { $0.backend = backend }
        waiters.release(nil)
    }

    /// The parameter that names the backend could not be read, and no backend is in force yet.
    ///
    /// - Parameters:
    ///   - why: ends the sentence "the secrets backend is unknown: <parameter> …".
    ///   - isFinal: callers are told at once, and do not wait for the next look.
    package func backendIsUnknown(_ why: String, isFinal: Bool) {
        let isKnown = state.withLock { state in
            state.unknown = why
            state.failsUnknown = isFinal
            return state.backend != nil
        }
        if isFinal, !isKnown { waiters.release(backendUnknown) }
    }

    /// What callers are told while nobody knows which backend is in force.
    var backendUnknown: UpstreamFault {
        let why = state.withLock { $0.unknown }
        return UpstreamFault(
            .notReady, code: Self.backendUnknownCode, retryAfter: .seconds(1),
            subject: "\(configuration.backendParameter) \(why)")
    }

    /// Goes on with the store in force, as soon as it is known and no later than the deadline.
    ///
    /// - Parameter completion: called once, on any thread, perhaps before this returns; with nil where the caller may go
    ///   on.
    func whenBackendKnown(
        by deadline: MonotonicTime, _ completion: @escaping @Sendable (UpstreamFault?) -> Void
    ) {
        if state.withLock({ $0.failsUnknown && $0.backend == nil }) { return completion(backendUnknown) }
        waiters.wait(until: deadline, late: { self.backendUnknown }, completion)
        // It may have become known before this caller was among those who wait.
        if backend != nil { waiters.release(nil) }
    }

    /// The store in force, for code that awaits.
    package func store(by deadline: MonotonicTime) async throws(UpstreamFault) -> SecretStore {
        if let store = backend?.store { return store }
        let fault = await withCheckedContinuation { continuation in
            whenBackendKnown(by: deadline) { continuation.resume(returning: $0) }
        }
        if let fault { throw fault }
        return store
    }
}
