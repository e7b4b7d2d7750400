internal import LatchkeyBroker

/// What one reading of the backend's parameters gave.
struct BackendReading: Sendable {
    /// Nil where the backend is not read.
    var backend: BackendWord.Look?
    var kept: KeptWord.Look

    init(backend: BackendWord.Look?, kept: KeptWord.Look) {
        self.backend = backend
        self.kept = kept
    }
}
