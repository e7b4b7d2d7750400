internal import ArgumentParser
internal import Glibc
internal import LatchkeyBroker
internal import LatchkeySettings

/// The exit codes of commands, from 64 on those of sysexits.h.
package enum ExitStatus: Int32, Sendable {
    case done = 0
    /// The command ran, and the answer is negative: a secret is missing or a check failed.
    case failed = 1
    case usage = 64
    case unavailable = 69
    case denied = 77
    case configuration = 78
}
