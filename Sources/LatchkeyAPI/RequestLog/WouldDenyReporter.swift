internal import LatchkeyBroker

/// Reports for one request what the callers file would refuse in the mode `enforce`.
struct WouldDenyReporter: Sendable {
    let recorder: AnswerRecorder
    /// The ordinal of the caller in the metrics.
    let label: Int
    let caller: String
    let requestID: RequestID

    /// - Parameter name: the secret or profile; empty for a list.
    func report(_ name: String, _ reason: AccessReason) {
        recorder.wouldDeny(name, reason, caller: caller, label: label, requestID)
    }
}
