package import LatchkeyBroker
package import LatchkeyCore
package import LatchkeyMetrics
package import Logging
internal import Synchronization

/// The request log: one line for each answer.
///
/// At `debug` every answer has its line. At `info` every answer of 500 and above has one, which is essential to the sink,
/// and other errors have as many as ``RequestLogLimiter`` lets through; the count of those left out follows within
/// ``RequestLogLimiter/window``. At a higher level nothing is written.
package final class RequestLog: Sendable {
    /// Where lines go: message, level, metadata, and whether the line is essential.
    package typealias Write = @Sendable (String, Logger.Level, Logger.Metadata, Bool) -> Void

    /// What a line says of one answer.
    package struct Entry: Sendable {
        package var requestID: String
        package var route: Route
        package var method: Method
        package var status: Int
        /// Who asked; nil where there was no valid credential, or nobody looked at it.
        package var caller: String?
        /// Where the answer came from; nil where it came from no tier, or from several.
        package var tier: String?
        /// Until the answer was rendered.
        package var duration: Duration

        package init(
            requestID: String, route: Route, method: Method, status: Int, caller: String?, tier: String?,
            duration: Duration
        ) {
            self.requestID = requestID
            self.route = route
            self.method = method
            self.status = status
            self.caller = caller
            self.tier = tier
            self.duration = duration
        }
    }

    private struct State {
        var limiter = RequestLogLimiter()
        var isReportScheduled = false
    }

    /// The lowest status of which a line may be written.
    private let minStatus: Int
    private let logsAll: Bool
    private let write: Write
    private let time: TimeSource
    private let sleeper: Sleeper
    private let state = Mutex(State())

    /// - Parameter level: that of the log.
    package init(level: Logger.Level, time: TimeSource, sleeper: Sleeper = .system, write: @escaping Write) {
        logsAll = level <= .debug
        minStatus = level <= .debug ? 0 : level <= .info ? 400 : .max
        self.write = write
        self.time = time
        self.sleeper = sleeper
    }

    /// Whether a line may be written of an answer of that status. All that an answer costs that is not logged.
    package func mayLog(status: Int) -> Bool { status >= minStatus }

    /// One answer was rendered.
    package func record(_ entry: Entry) {
        guard mayLog(status: entry.status) else { return }
        if entry.status >= 500 { return write("request", .info, Self.metadata(entry), true) }
        if logsAll { return write("request", .debug, Self.metadata(entry), false) }
        let now = time.now().monotonic
        let (isAdmitted, isFirstOmission) = state.withLock { state in
            let isAdmitted = state.limiter.admits(StatusCode(entry.status), now: now)
            if isAdmitted || state.isReportScheduled { return (isAdmitted, false) }
            state.isReportScheduled = true
            return (false, true)
        }
        if isAdmitted { write("request", .info, Self.metadata(entry), false) }
        if isFirstOmission { scheduleOmissionReport(now) }
    }

    /// Says how many answers were left out since it was last said. Also for the end of the process.
    package func reportOmitted() {
        let omitted = state.withLock { state in
            state.isReportScheduled = false
            return state.limiter.takeOmitted()
        }
        for one in omitted {
            write(
                "error answers were left out of the log", .info,
                ["status": "\(one.status.label)", "count": "\(one.count)"], true)
        }
    }

    private func scheduleOmissionReport(_ now: MonotonicTime) {
        Task {
            await sleeper.sleep(now + RequestLogLimiter.window)
            reportOmitted()
        }
    }

    private static func metadata(_ entry: Entry) -> Logger.Metadata {
        [
            "request_id": "\(entry.requestID)", "route": "\(entry.route.label)", "method": "\(entry.method.label)",
            "status": "\(entry.status)", "caller": "\(entry.caller ?? "-")", "tier": "\(entry.tier ?? "-")",
            "duration_ms": "\(milliseconds(entry.duration))",
        ]
    }

    /// With three decimals, so that a hit does not read as nothing.
    private static func milliseconds(_ duration: Duration) -> String {
        let microseconds = max(0, duration.clampedNanoseconds / 1000)
        let rest = String(microseconds % 1000)
        return "\(microseconds / 1000)." + String(repeating: "0", count: 3 - rest.utf8.count) + rest
    }
}
