internal import LatchkeyBroker

/// The result of one read of the backend's parameters.
struct BackendReading: Sendable {
    /// Nil if the backend is not read.
    var backend: FollowedBackend.Reading?
    var kept: FollowedKeptList.Reading

    init(backend: FollowedBackend.Reading?, kept: FollowedKeptList.Reading) {
        self.backend = backend
        self.kept = kept
    }
}
