internal import LatchkeyCrypto

/// What a verification knows of one chain.
struct ChainProgress: Sendable {
    /// The last line.
    var last: ChainState
    var lastPlace: AuditPlace
    /// The line before the last one, if its digest is not the `prev` of the last one. The next line tells which of the two
    /// was changed.
    var suspect: AuditPlace?
    /// The digest of that line.
    var beforeLast: Digest?
    /// The first line read, if it is the only one.
    let first: ChainState
    let firstPrevious: Digest
    /// A bad line was found. The rest of the chain is not checked.
    var isBroken = false
    var isStopped = false
    /// The last line that a valid signature covers.
    var signedSeq: Int64?
    var lines: Int64 = 1
    var lost: Int64 = 0
    var torn = 0
}
