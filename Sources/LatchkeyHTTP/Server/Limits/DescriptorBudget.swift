/// How many connections the process's descriptor limit leaves room for. Connections never take the last descriptors,
/// which upstream calls, files and probes need.
package struct DescriptorBudget: Equatable, Sendable {
    /// Descriptors that connections leave: 64 for calls to one upstream, 32 for connections past the cap, and listeners,
    /// loops, files, logs and name look-ups.
    package static let reserve = 128
    /// The least descriptor limit a server starts with.
    package static let minLimit = 144

    /// The limit is under ``minLimit``.
    package struct TooFew: Error, Equatable, Sendable {
        package let limit: Int
    }

    /// The process's descriptor limit (RLIMIT_NOFILE, the soft one).
    package let limit: Int
    /// The connections asked for.
    package let wanted: Int

    /// - Throws: where the limit leaves no room for a server.
    package init(limit: Int, wanted: Int) throws(TooFew) {
        guard limit >= Self.minLimit else { throw TooFew(limit: limit) }
        self.limit = limit
        self.wanted = wanted
    }

    /// The most connections at once.
    package var cap: Int { min(wanted, limit - Self.reserve) }

    /// The limit allows fewer connections than were asked for.
    package var isReduced: Bool { cap < wanted }
}
