internal import LatchkeyBroker

/// The result of one read of the backend's parameters.
struct BackendReading: Sendable {
    /// Nil if the backend is not read.
    var backend: FollowedBackend.Look?
    var kept: FollowedKeptList.Look

    init(backend: FollowedBackend.Look?, kept: FollowedKeptList.Look) {
        self.backend = backend
        self.kept = kept
    }
}
