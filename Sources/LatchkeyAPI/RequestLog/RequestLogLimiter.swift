package import LatchkeyCore
package import LatchkeyMetrics

/// How many error answers the request log shows: at most ``maxLines`` of one status in any ``window``. What is left out is
/// counted. Pure.
package struct RequestLogLimiter: Sendable {
    /// Answers of one status that were left out.
    package struct OmittedAnswers: Hashable, Sendable {
        package let status: StatusCode
        package let count: Int

        package init(status: StatusCode, count: Int) {
            self.status = status
            self.count = count
        }
    }

    /// Lines of one status in one ``window``.
    package static let maxLines = 10
    package static let window: Duration = .seconds(1)

    private struct Entry {
        /// When the last ``RequestLogLimiter/maxLines`` lines were let through: a ring, whose oldest stands at `next`.
        var times: [MonotonicTime] = []
        var next = 0
        var omitted = 0
    }

    private var entries = [Entry](repeating: Entry(), count: StatusCode.allCases.count)

    package init() {}

    /// Whether a line about one more answer is to be written; otherwise it is counted as left out.
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

    /// Takes the counts of what was left out since the last call, in the order of the statuses.
    package mutating func takeOmitted() -> [OmittedAnswers] {
        var all: [OmittedAnswers] = []
        for status in StatusCode.allCases where entries[status.rawValue].omitted > 0 {
            all.append(OmittedAnswers(status: status, count: entries[status.rawValue].omitted))
            entries[status.rawValue].omitted = 0
        }
        return all
    }
}
