/// The limits of the audit log.
package enum AuditLimits {
    /// The most bytes of a name, as a caller has sent it. A longer one is cut and ends in `…`.
    package static let maxNameBytes = 1024
    /// The most bytes of any other text of a line.
    package static let maxTextBytes = 256
    /// The most bytes of a line. That of `stop` names 257 chains with their digests.
    package static let maxLineBytes = 64 * 1024
    /// Lines of a chain from one checkpoint to the next.
    package static let checkpointLines: Int64 = 1000
    /// The most time from a line to the next checkpoint of its chain.
    package static let checkpointInterval: Duration = .seconds(60)
    /// Lines for requests without a valid credential, for each address and ``addressWindow``.
    package static let addressLines = 10
    package static let addressWindow: Duration = .seconds(60)
    /// Lines for requests without a valid credential in ``totalWindow``, from all addresses.
    package static let totalLines = 100
    package static let totalWindow: Duration = .seconds(1)
    /// The most addresses that are remembered. Those of further addresses are counted only.
    package static let maxAddresses = 4096
    /// Parts of lines that a chain remembers until it can record them.
    package static let maxTornParts = 16
    /// Time between two checks for a renamed file, and between two summary lines.
    package static let tickInterval: Duration = .seconds(1)
    /// The most time that a write to a pipe waits for its reader.
    package static let pipeTimeout: Duration = .seconds(1)
    /// The most chains that a verification remembers.
    package static let maxChains = 65_536
    /// The most torn parts that a verification remembers until a line records them.
    package static let maxOpenParts = 1024
}
