internal import LatchkeyBroker

extension BackendWord.Failure {
    /// Ends the sentence "the secrets backend is unknown: <parameter> …".
    package var unknown: String {
        switch self {
        case .gone: "is gone"
        case .unknownWord: "does not hold the name of a backend"
        case .unread(let fault): "could not be read [\(fault.summary)]"
        }
    }

    /// Whether the next look gives the same unless somebody acts.
    var needsOperator: Bool {
        switch self {
        case .gone, .unknownWord: true
        case .unread(let fault): !fault.mayPass
        }
    }
}
