internal import LatchkeyBroker

/// The result of one read of the backend's parameters.
struct BackendReading: Sendable {
    /// Nil if the backend is not read.
    var backend: BackendWord.Look?
    var kept: KeptWord.Look

    init(backend: BackendWord.Look?, kept: KeptWord.Look) {
        self.backend = backend
        self.kept = kept
    }
}
