package import LatchkeyCore
package import LatchkeyMetrics

/// How many error answers the request log shows: at most ``most`` of one status in any ``span``. What is left out is
/// counted. Pure.
package struct RequestLogLimiter: Sendable {
    /// Answers of one status that were left out.
    package struct LeftOut: Hashable, Sendable {
        package let status: StatusCode
        package let count: Int

        package init(status: StatusCode, count: Int) {
            self.status = status
            self.count = count
        }
    }

    /// Lines of one status in one ``span``.
    package static let most = 10
    package static let span: Duration = .seconds(1)

    private struct Entry {
        /// When the last ``RequestLogLimiter/most`` lines were let through: a ring, whose oldest stands at `next`.
        var times: [MonotonicTime] = []
        var next = 0
        var leftOut = 0
    }

    private var entries = [Entry](repeating: Entry(), count: StatusCode.allCases.count)

    package init() {}

    /// Whether a line about one more answer is to be written; otherwise it is counted as left out.
    package mutating func admits(_ status: StatusCode, now: MonotonicTime) -> Bool {
        let place = status.rawValue
        if entries[place].times.count < Self.most {
            entries[place].times.append(now)
            return true
        }
        let next = entries[place].next
        guard now - entries[place].times[next] >= Self.span else {
            entries[place].leftOut += 1
            return false
        }
        entries[place].times[next] = now
        entries[place].next = (next + 1) % Self.most
        return true
    }

    /// Takes the counts of what was left out since the last call, in the order of the statuses.
    package mutating func takeLeftOut() -> [LeftOut] {
        var all: [LeftOut] = []
        for status in StatusCode.allCases where entries[status.rawValue].leftOut > 0 {
            all.append(LeftOut(status: status, count: entries[status.rawValue].leftOut))
            entries[status.rawValue].leftOut = 0
        }
        return all
    }
}
