package import LatchkeyCore
internal import Synchronization

// Which backend is in force, and callers that come before that is known (backend `auto`).

extension SecretBroker {
    /// The code of what callers are told while nobody knows which backend is in force.
    package static let backendUnknownCode = FaultCode.backendUnknown.rawValue

    /// The backend in force; nil while that is not known.
    package var backend: SecretBackend? { state.withLock { $0.backend } }

    /// Where each secret is read; nil while that is not known, or not for certain.
    package var places: SecretPlaces? { state.withLock { $0.isDoubtful ? nil : $0.places } }

    /// The store that the blob is read from; Parameter Store while that is not known.
    package var store: SecretStore { state.withLock { $0.places?.store(of: .blob) } ?? .parameterStore }

    /// Reads secrets there from now on, and lets the callers go on who waited to know. What memory has of the other
    /// store stays, for the way back.
    package func follow(_ places: SecretPlaces) {
        state.withLock { state in
            state.backend = places.backend
            state.kept = places.kept
        }
        waiters.release(nil)
    }

    /// Reads all secrets from one store from now on.
    package func follow(_ backend: SecretBackend) { follow(SecretPlaces(backend: backend)) }

    /// Which secrets are kept in Secrets Manager is to be read first. Callers wait until ``follow(_:)`` or
    /// ``keptIsUnread(_:)``.
    package func awaitKept() { state.withLock { $0.kept = nil } }

    /// Which secrets are kept could not be read yet. Callers go on with the backend's store; what is absent there may
    /// be kept, so they are told that this is not known (``doubted(_:)``).
    ///
    /// - Parameter why: ends the sentence "the secrets backend is unknown: <parameter> …".
    package func keptIsUnread(_ why: String) {
        state.withLock { state in
            state.unknown = why
            state.keptIsUnread = true
        }
        waiters.release(nil)
    }

    /// The fault as callers are told it: while it is not known which secrets are kept, an absence in Parameter Store
    /// says nothing.
    package func doubted(_ fault: UpstreamFault) -> UpstreamFault {
        guard fault.reason == .notFound, state.withLock({ $0.isDoubtful }) else { return fault }
        return backendUnknown
    }

    /// The keys of names of Secrets Manager; other names than the application's secrets are left out.
    package func keys(ofSecrets names: [String]) -> Set<SecretKey> {
        guard let source = sources.first(where: { $0.store == .secretsManager }) else { return [] }
        return Set(names.compactMap { source.key(of: $0) })
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
            return state.places != nil
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
    /// - Parameter completion: called once, on any thread, perhaps before this returns; with nil where the caller may
    ///   go on.
    func whenBackendKnown(
        by deadline: MonotonicTime, _ completion: @escaping @Sendable (UpstreamFault?) -> Void
    ) {
        if state.withLock({ $0.failsUnknown && $0.places == nil }) { return completion(backendUnknown) }
        waiters.wait(until: deadline, timeoutFault: { self.backendUnknown }, completion)
        let (isKnown, look) = state.withLock { ($0.places != nil, $0.whenAwaited) }
        // It may have become known before this caller was among those who wait.
        if isKnown { waiters.release(nil) } else { look?() }
    }

    /// Has this called, on any thread, for each caller who waits to know where secrets are read: for who looks only
    /// when somebody wants to know. It must return at once.
    package func whenAwaited(_ look: @escaping @Sendable () -> Void) { state.withLock { $0.whenAwaited = look } }

    /// The store that has the item of this key, for code that awaits.
    package func store(of key: SecretKey, by deadline: MonotonicTime) async throws(UpstreamFault) -> SecretStore {
        if let store = state.withLock({ $0.places?.store(of: key) }) { return store }
        let fault = await withCheckedContinuation { continuation in
            whenBackendKnown(by: deadline) { continuation.resume(returning: $0) }
        }
        if let fault { throw fault }
        return state.withLock { $0.places?.store(of: key) } ?? .parameterStore
    }

    /// Reads ahead what memory has of a store that it is not to be read from any more, so that nobody waits when
    /// `places` come in force.
    ///
    /// The blob and at most ``maxWarmed`` other items; what fails, or is not there by the deadline, is fetched when
    /// somebody asks for it.
    package func warm(_ places: SecretPlaces, deadline: MonotonicTime) async {
        let known = state.withLock { state in SecretStore.allCases.flatMap { state.cache.items(of: $0) } }
        let moving = known.filter { item in
            item.shape == .value && item.key != .blob && item.store != places.store(of: item.key)
        }
        await withTaskGroup(of: Void.self) { group in
            for key in [.blob] + moving.map(\.key).prefix(Self.maxWarmed) {
                let item = SecretQuery(key, store: places.store(of: key))
                group.addTask { _ = try? await self.item(item, deadline: deadline) }
            }
        }
    }

    /// The most items that ``warm(_:deadline:)`` fetches.
    private static let maxWarmed = 200
}
