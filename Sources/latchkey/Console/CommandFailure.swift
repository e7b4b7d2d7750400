internal import ArgumentParser
internal import Glibc
internal import LatchkeyAPI
internal import LatchkeyBroker
internal import LatchkeySettings

/// The failure of a command: a message for people and an exit code for programs.
struct CommandFailure: Error {
    let status: ExitStatus
    /// What happened and how to fix it, in lower case.
    let message: String

    init(_ status: ExitStatus, _ message: String) {
        self.status = status
        self.message = message
    }

    /// The failure of a command after a fault of the broker.
    init(_ fault: UpstreamFault, what: String) {
        let problem = Problem(fault, what: what)
        let status: ExitStatus =
            switch fault.reason {
            case .notFound: .failed
            case .denied: .denied
            case .notReady: .configuration
            case .throttled, .budgetSpent, .unavailable, .timedOut, .refused, .invalid, .overloaded: .unavailable
            }
        self.init(status, problem.detail + (fault.code.map { " [\($0)]" } ?? ""))
    }
}
