internal import LatchkeyBroker

extension FollowedBackend.Failure {
    /// The end of the sentence "the secrets backend is unknown: <parameter> …".
    var unknown: String {
        switch self {
        case .gone: "is gone"
        case .unknownName: "does not hold the name of a backend"
        case .unread(let fault): "could not be read [\(fault.summary)]"
        }
    }

    /// Whether the next check fails too unless an operator acts.
    var needsOperator: Bool {
        switch self {
        case .gone, .unknownName: true
        case .unread(let fault): !fault.isTransient
        }
    }
}
