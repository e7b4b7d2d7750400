internal import ArgumentParser
internal import Glibc
internal import LatchkeyBroker
internal import LatchkeySettings

/// How a command ends (contract §4; the numbers are those of sysexits.h).
package enum ExitStatus: Int32, Sendable {
    case done = 0
    /// What was asked for is not so.
    case failed = 1
    case usage = 64
    case unavailable = 69
    case denied = 77
    case configuration = 78
}
