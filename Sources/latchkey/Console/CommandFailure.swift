internal import ArgumentParser
internal import Glibc
internal import LatchkeyAPI
internal import LatchkeyBroker
internal import LatchkeySettings

/// A command that cannot do what it was asked: one line for people, one number for programs.
struct CommandFailure: Error {
    let status: ExitStatus
    /// Lower case; what happened and how to mend it.
    let message: String

    init(_ status: ExitStatus, _ message: String) {
        self.status = status
        self.message = message
    }

    /// What a broker's fault means to a command.
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
