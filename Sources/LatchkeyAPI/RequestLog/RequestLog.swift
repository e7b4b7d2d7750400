package import LatchkeyCore
internal import LatchkeyLog
package import LatchkeyMetrics
package import Logging
internal import Synchronization

/// The request log: one line for each response.
///
/// At `debug` every response is logged. At `info` every response with status 500 or above is logged, as an essential
/// line, and other errors up to the limit of ``RequestLogLimiter``; the number of omitted lines is logged within
/// ``RequestLogLimiter/window``. At higher levels nothing is logged.
package final class RequestLog: Sendable {
    /// Writes a line: message, level, metadata, and whether the line is essential.
    package typealias Write = @Sendable (String, Logger.Level, Logger.Metadata, Bool) -> Void

    /// The content of one line.
    package struct Entry: Sendable {
        package var requestID: String
        package var route: Route
        package var method: Method
        package var status: Int
        /// Nil if there was no valid credential, or if it was not checked.
        package var caller: String?
        /// The tier that answered; nil for none or several.
        package var tier: String?
        /// From the start of the request until the response was rendered.
        package var duration: Duration
        /// Nil if the caller named none.
        package var trace: TraceContext?

        package init(
            requestID: String, route: Route, method: Method, status: Int, caller: String?, tier: String?,
            duration: Duration, trace: TraceContext? = nil
        ) {
            self.requestID = requestID
            self.route = route
            self.method = method
            self.status = status
            self.caller = caller
            self.tier = tier
            self.duration = duration
            self.trace = trace
        }
    }

    /// The most lines per ``RequestLogLimiter/window`` about what the callers file would refuse. The rest is only counted.
    private static let maxWouldDenyLines = 10

    private struct State {
        var wouldDeny = SlidingWindow(maxEvents: maxWouldDenyLines, span: RequestLogLimiter.window)
        var limiter = RequestLogLimiter()
        var isReportScheduled = false
    }

    /// The lowest status that may be logged; 0 to log all.
    private let minStatus: Atomic<Int>
    private let writeLine: Write
    private let time: Timing
    private let state = Mutex(State())

    /// - Parameter level: the level of the log.
    package init(level: Logger.Level, time: Timing, write: @escaping Write) {
        minStatus = Atomic(Self.minStatus(level))
        writeLine = write
        self.time = time
    }

    /// Changes the level for later responses.
    package func setLevel(_ level: Logger.Level) { minStatus.store(Self.minStatus(level), ordering: .relaxed) }

    private static func minStatus(_ level: Logger.Level) -> Int { level <= .debug ? 0 : level <= .info ? 400 : .max }

    /// Whether a response with this status may be logged. This check is the only cost of responses that are not.
    package func mayLog(status: Int) -> Bool { status >= minStatus.load(ordering: .relaxed) }

    /// Logs one response.
    package func record(_ entry: Entry) {
        guard mayLog(status: entry.status) else { return }
        if entry.status >= 500 { return write(.request, "request", .info, Self.metadata(entry), isEssential: true) }
        if minStatus.load(ordering: .relaxed) == 0 { return write(.request, "request", .debug, Self.metadata(entry)) }
        let now = time.now().monotonic
        let (isAdmitted, isFirstOmission) = state.withLock { state in
            let isAdmitted = state.limiter.admits(StatusCode(entry.status), now: now)
            if isAdmitted || state.isReportScheduled { return (isAdmitted, false) }
            state.isReportScheduled = true
            return (false, true)
        }
        if isAdmitted { write(.request, "request", .info, Self.metadata(entry)) }
        if isFirstOmission { scheduleOmissionReport(now) }
    }

    /// Logs that the callers file would refuse a secret or token in the mode `enforce`, within the limit of lines.
    func recordWouldDeny(requestID: String, caller: String, name: String, reason: String) {
        let now = time.now().monotonic
        guard state.withLock({ $0.wouldDeny.take(now) }) == nil else { return }
        write(
            .wouldDeny, "the callers file would refuse this in the mode enforce", .info,
            ["request_id": "\(requestID)", "caller": "\(caller)", "name": "\(name)", "reason": "\(reason)"])
    }

    /// Logs how many lines were omitted since the last report. Also called when the process ends.
    package func reportOmitted() {
        let omitted = state.withLock { state in
            state.isReportScheduled = false
            return state.limiter.takeOmitted()
        }
        for one in omitted {
            write(
                .requestsOmitted, "error answers were left out of the log", .info,
                ["status": "\(one.status.label)", "count": "\(one.count)"], isEssential: true)
        }
    }

    private func scheduleOmissionReport(_ now: MonotonicTime) {
        Task {
            await time.sleep(now + RequestLogLimiter.window)
            reportOmitted()
        }
    }

    private func write(
        _ event: LoggedEvent, _ message: String, _ level: Logger.Level, _ metadata: Logger.Metadata,
        isEssential: Bool = false
    ) {
        writeLine(message, level, event.metadata(metadata), isEssential)
    }

    private static func metadata(_ entry: Entry) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "request_id": "\(entry.requestID)", "route": "\(entry.route.label)", "method": "\(entry.method.label)",
            "status": "\(entry.status)", "caller": "\(entry.caller ?? "-")", "tier": "\(entry.tier ?? "-")",
            "duration_ms": "\(milliseconds(entry.duration))",
        ]
        if let trace = entry.trace { metadata["trace_id"] = "\(trace.traceText)" }
        return metadata
    }

    /// With three decimals, so that a hit does not show as 0.
    private static func milliseconds(_ duration: Duration) -> String {
        let microseconds = max(0, duration.clampedNanoseconds / 1000)
        let rest = String(microseconds % 1000)
        return "\(microseconds / 1000)." + String(repeating: "0", count: 3 - rest.utf8.count) + rest
    }
}
