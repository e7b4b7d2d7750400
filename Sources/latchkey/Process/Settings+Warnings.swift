internal import ArgumentParser
internal import CLinux
internal import CSignals
internal import Glibc
internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyNet
internal import LatchkeySettings
internal import LatchkeyUpstream
internal import Logging

extension Settings {
    /// Says once, at the start, what had better be otherwise.
    func logWarnings(_ log: Logger) {
        for warning in warnings { log.warning("\(warning)") }
        for upstream in plainUpstreams {
            log.warning("an upstream \(Self.plainUpstreamWarning)", metadata: ["upstream": "\(upstream)"])
        }
    }
}
