package import LatchkeyCore

/// Limits the lines for requests without a valid credential, for each address and in all, and counts the rest. Pure.
///
/// An attacker therefore cannot fill the disk, and cannot use up the table: the oldest address makes room for a new one
/// once its window has ended, and until then requests of further addresses are only counted.
package struct UnauthenticatedLimiter: Sendable {
    private struct Entry: Sendable {
        var windowStart: MonotonicTime
        var lines: Int
    }

    private var entries: [[UInt8]: Entry] = [:]
    /// The addresses in the order of their windows' start.
    private var order: [[UInt8]] = []
    private var firstInOrder = 0
    private var total = SlidingWindow(maxEvents: AuditLimits.totalLines, span: AuditLimits.totalWindow)
    private var dropped: Int64 = 0

    package init() {}

    /// Addresses that are remembered.
    package var count: Int { entries.count }

    /// Whether a request gets a line. If not, it is counted.
    ///
    /// - Parameter address: without the port.
    package mutating func admits(_ address: [UInt8], now: MonotonicTime) -> Bool {
        removeEnded(now)
        let isAdmitted = takeAddress(address, now) && total.take(now) == nil
        if !isAdmitted { dropped += 1 }
        return isAdmitted
    }

    /// Returns and resets the number of requests without a line.
    package mutating func takeDropped() -> Int64 {
        defer { dropped = 0 }
        return dropped
    }

    private mutating func takeAddress(_ address: [UInt8], _ now: MonotonicTime) -> Bool {
        if let entry = entries[address] {
            guard entry.lines < AuditLimits.addressLines else { return false }
            entries[address]?.lines += 1
            return true
        }
        guard entries.count < AuditLimits.maxAddresses else { return false }
        entries[address] = Entry(windowStart: now, lines: 1)
        order.append(address)
        return true
    }

    private mutating func removeEnded(_ now: MonotonicTime) {
        while firstInOrder < order.count, let entry = entries[order[firstInOrder]],
            now >= entry.windowStart + AuditLimits.addressWindow
        {
            entries[order[firstInOrder]] = nil
            firstInOrder += 1
        }
        guard firstInOrder > AuditLimits.maxAddresses else { return }
        order.removeSubrange(..<firstInOrder)
        firstInOrder = 0
    }
}
