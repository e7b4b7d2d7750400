/// The number of connections that the descriptor limit of the process allows.
///
/// Connections leave ``reserve`` descriptors for upstream calls, files and probes.
package struct DescriptorBudget: Equatable, Sendable {
    /// Descriptors that connections never use: 64 for calls to one upstream
    /// (``HTTPClient/Configuration/maxConnectionsPerOrigin``), 32 for connections over the cap
    /// (``ServerLimits/connectionHeadroom``), and 32 for listeners, event loops, files, logs and name lookups. With a probe
    /// listener the second 32 are for its connections (``ServerLimits/maxProbeConnections``), and
    /// ``ServerLimits/headroomBesideProbes`` of the last 32 for connections over the cap.
    package static let reserve = 128
    /// The lowest descriptor limit that a server starts with: room for 16 connections.
    package static let minLimit = reserve + 16

    /// The limit is below ``minLimit``.
    package struct LimitError: Error, Equatable, Sendable {
        package let limit: Int
    }

    /// The descriptor limit of the process (RLIMIT_NOFILE, soft limit).
    package let limit: Int
    /// The configured number of connections.
    package let wanted: Int

    /// - Throws: ``LimitError`` when the limit is below ``minLimit``.
    package init(limit: Int, wanted: Int) throws(LimitError) {
        guard limit >= Self.minLimit else { throw LimitError(limit: limit) }
        self.limit = limit
        self.wanted = wanted
    }

    /// The maximum number of open connections.
    package var cap: Int { min(wanted, limit - Self.reserve) }

    /// Whether the descriptor limit allows fewer connections than configured.
    package var isReduced: Bool { cap < wanted }
}
