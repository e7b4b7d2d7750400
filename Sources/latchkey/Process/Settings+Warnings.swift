internal import ArgumentParser
internal import CLinux
internal import CSignals
internal import Glibc
internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyLog
internal import LatchkeyNet
internal import LatchkeySettings
internal import LatchkeyUpstream
internal import Logging

extension Settings {
    /// Logs warnings about settings, once at startup.
    func logWarnings(_ log: Logger) {
        for warning in warnings { log.warning(.settingUnsafe, "\(warning)") }
        for (upstream, _) in plainUpstreams {
            log.warning(
                .settingUnsafe, "an upstream \(Self.plainUpstreamWarning)", metadata: ["upstream": "\(upstream)"])
        }
    }
}
