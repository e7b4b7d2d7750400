package import LatchkeyCore
package import LatchkeyMetrics

/// Limits the error responses in the request log to ``maxLines`` per status and ``window``, and counts the omitted
/// ones. Pure.
package struct RequestLogLimiter: Sendable {
    /// The number of omitted responses with one status.
    package struct OmittedAnswers: Hashable, Sendable {
        package let status: StatusCode
        package let count: Int

        package init(status: StatusCode, count: Int) {
            self.status = status
            self.count = count
        }
    }

    /// Maximum number of lines per status and ``window``.
    package static let maxLines = 10
    package static let window: Duration = .seconds(1)

    private struct Entry {
        /// When the last ``RequestLogLimiter/maxLines`` lines were admitted: a ring buffer whose oldest entry is at
        /// `next`.
        var times: [MonotonicTime] = []
        var next = 0
        var omitted = 0
    }

    private var entries = [Entry](repeating: Entry(), count: StatusCode.allCases.count)

    package init() {}

    /// Whether one more response may be logged. If not, it is counted as omitted.
    package mutating func admits(_ status: StatusCode, now: MonotonicTime) -> Bool {
        let place = status.rawValue
        if entries[place].times.count < Self.maxLines {
            entries[place].times.append(now)
            return true
        }
        let next = entries[place].next
        guard now - entries[place].times[next] >= Self.window else {
            entries[place].omitted += 1
            return false
        }
        entries[place].times[next] = now
        entries[place].next = (next + 1) % Self.maxLines
        return true
    }

    /// Returns and resets the counts of omitted responses, ordered by status.
    package mutating func takeOmitted() -> [OmittedAnswers] {
        var all: [OmittedAnswers] = []
        for status in StatusCode.allCases where entries[status.rawValue].omitted > 0 {
            all.append(OmittedAnswers(status: status, count: entries[status.rawValue].omitted))
            entries[status.rawValue].omitted = 0
        }
        return all
    }
}
