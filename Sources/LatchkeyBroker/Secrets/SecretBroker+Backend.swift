package import LatchkeyCore
internal import Synchronization

// The backend in force, and callers that arrive before it is known.
extension SecretBroker {
    /// The code of the fault that callers get while the backend is not known.
    package static let backendUnknownCode = FaultCode.backendUnknown.rawValue

    /// The backend in force; nil while it is not known.
    package var backend: SecretBackend? { state.withLock { $0.backend } }

    /// Which store each secret is read from; nil while that is not known for certain.
    package var routing: SecretRouting? { state.withLock { $0.isUncertain ? nil : $0.routing } }

    /// The store of the blob; Parameter Store while it is not known.
    package var store: SecretStore { state.withLock { $0.routing?.store(of: .blob) } ?? .parameterStore }

    /// Puts another routing in force and releases the callers that wait for it.
    ///
    /// The cached secrets of the other store stay in memory for a rollback.
    package func follow(_ routing: SecretRouting) {
        state.withLock { state in
            state.backend = routing.backend
            state.kept = routing.kept
        }
        waiters.release(nil)
    }

    /// Lets callers wait until ``follow(_:)`` or ``keptListIsUnreadable(_:)``, because the list of kept secrets has to be read
    /// first.
    package func awaitKeptList() { state.withLock { $0.kept = nil } }

    /// Records that the list of kept secrets could not be read.
    ///
    /// Callers continue with the backend's store. A secret that it lacks may be a kept one, so its absence is reported
    /// as an unknown backend (``hidingUncertainAbsence(_:)``).
    ///
    /// - Parameter why: the end of the sentence "the secrets backend is unknown: <parameter> …".
    package func keptListIsUnreadable(_ why: String) {
        state.withLock { state in
            state.unknown = why
            state.keptListIsUnreadable = true
        }
        waiters.release(nil)
    }

    /// The fault for callers. While it is not known which secrets are kept, an absence in Parameter Store is uncertain
    /// and is replaced by ``backendUnknown``.
    package func hidingUncertainAbsence(_ fault: UpstreamFault) -> UpstreamFault {
        guard fault.reason == .notFound, state.withLock({ $0.isUncertain }) else { return fault }
        return backendUnknown
    }

    /// The keys of names in Secrets Manager. Names that are not the application's secrets are dropped.
    package func keys(ofSecrets names: [String]) -> Set<SecretKey> {
        guard let source = sources.first(where: { $0.store == .secretsManager }) else { return [] }
        return Set(names.compactMap { source.key(of: $0) })
    }

    /// Records that the parameter that names the backend could not be read, and no backend is in force yet.
    ///
    /// - Parameters:
    ///   - why: the end of the sentence "the secrets backend is unknown: <parameter> …".
    ///   - isFinal: whether callers are told at once instead of waiting for the next read.
    package func backendIsUnknown(_ why: String, isFinal: Bool) {
        let isKnown = state.withLock { state in
            state.unknown = why
            state.failsUnknown = isFinal
            return state.routing != nil
        }
        if isFinal, !isKnown { waiters.release(backendUnknown) }
    }

    /// The fault for callers while the backend is not known.
    var backendUnknown: UpstreamFault {
        let why = state.withLock { $0.unknown }
        return UpstreamFault(
            .notReady, code: Self.backendUnknownCode, retryAfter: .seconds(1),
            subject: "\(configuration.backendParameter) \(why)")
    }

    /// Waits until the backend is known, but until the deadline at most.
    ///
    /// - Parameter completion: called once, on any thread, possibly before this returns; with nil if the backend is
    ///   known.
    func whenBackendKnown(
        for requester: Requester?, by deadline: MonotonicTime,
        _ completion: @escaping @Sendable (UpstreamFault?) -> Void
    ) {
        if state.withLock({ $0.failsUnknown && $0.routing == nil }) { return completion(backendUnknown) }
        waiters.wait(for: requester, until: deadline, timeoutFault: { self.backendUnknown }, completion)
        let (isKnown, notify) = state.withLock { ($0.routing != nil, $0.onBackendAwaited) }
        // The backend may have become known before this caller was added to the waiters.
        if isKnown { waiters.release(nil) } else { notify?() }
    }

    /// Sets a closure that is called for each caller that waits for the backend, on any thread. It must return at once.
    ///
    /// For a follower that reads the parameters only when somebody needs them.
    package func onBackendAwaited(_ notify: @escaping @Sendable () -> Void) {
        state.withLock { $0.onBackendAwaited = notify }
    }

    /// The store that has the item of this key, for asynchronous code.
    ///
    /// - Parameter requester: the caller; nil for Latchkey itself.
    package func store(
        of key: SecretKey, for requester: Requester? = nil, by deadline: MonotonicTime
    ) async throws(UpstreamFault) -> SecretStore {
        if let store = state.withLock({ $0.routing?.store(of: key) }) { return store }
        let fault = await withCheckedContinuation { continuation in
            whenBackendKnown(for: requester, by: deadline) { continuation.resume(returning: $0) }
        }
        if let fault { throw fault }
        return state.withLock { $0.routing?.store(of: key) } ?? .parameterStore
    }

    /// Warms the stores of `routing` with the keys that are cached from the other store, so that no caller waits when
    /// `routing` takes effect.
    ///
    /// Reads the blob and at most ``maxWarmed`` other items. An item that fails, or that is not read by the deadline,
    /// is read when a caller requests it.
    package func warm(_ routing: SecretRouting, deadline: MonotonicTime) async {
        let known = state.withLock { state in SecretStore.allCases.flatMap { state.cache.items(of: $0) } }
        let moving = known.filter { item in
            item.shape == .value && item.key != .blob && item.store != routing.store(of: item.key)
        }
        await withTaskGroup(of: Void.self) { group in
            for key in [.blob] + moving.map(\.key).prefix(Self.maxWarmed) {
                let item = SecretQuery(key, store: routing.store(of: key))
                group.addTask { _ = try? await self.item(item, deadline: deadline) }
            }
        }
    }

    /// The maximum number of items that ``warm(_:deadline:)`` reads.
    private static let maxWarmed = 200
}
