internal import LatchkeyCore
package import LatchkeyCrypto

/// Verifies the chains of one or more files, line by line. Pure. Its memory depends on the number of chains and not on that of
/// the lines.
package struct AuditVerifier {
    private let publicKey: Ed25519PublicKey?
    private var chains: [String: ChainProgress] = [:]
    /// Chains that a `start` line names.
    private var announced: Set<String> = []
    private var parts = OpenParts()
    private var findings: [AuditFinding] = []
    private var lines: Int64 = 0

    /// - Parameter publicKey: if it is given, every `start`, `stop` and `checkpoint` must be signed with its key.
    package init(publicKey: Ed25519PublicKey? = nil) { self.publicKey = publicKey }

    // MARK: Lines

    /// Reads the next line.
    ///
    /// - Parameter bytes: without the line feed. An empty line is skipped: it ends a torn part.
    package mutating func read(_ bytes: ArraySlice<UInt8>, at place: AuditPlace) {
        if bytes.isEmpty { return }
        if let record = AuditRecord(bytes) { return read(record, bytes, place) }
        // The line of another chain may follow a torn part, or a line without its line feed.
        if let start = Self.lastLineStart(bytes), let record = AuditRecord(bytes[start...]) {
            read(bytes[..<start], at: place)
            return read(record, bytes[start...], place)
        }
        keepPart(bytes, place)
    }

    private mutating func keepPart(_ bytes: ArraySlice<UInt8>, _ place: AuditPlace) {
        guard parts.add(bytes, place) else { return note(place, nil, "no line of an audit log") }
    }

    private static let lineStart = Array("{\"time\":\"".utf8)

    private static func lastLineStart(_ bytes: ArraySlice<UInt8>) -> Int? {
        guard bytes.count > lineStart.count else { return nil }
        var index = bytes.endIndex - lineStart.count
        while index > bytes.startIndex {
            if bytes[index] == lineStart[0], bytes[index..<(index + lineStart.count)].elementsEqual(lineStart) {
                return index
            }
            index -= 1
        }
        return nil
    }

    private mutating func read(_ record: AuditRecord, _ bytes: ArraySlice<UInt8>, _ place: AuditPlace) {
        lines += 1
        let state = ChainState(
            chain: record.chain, seq: record.seq, digest: bytes.withUnsafeBytes { SHA256.hash($0) })
        if chains[record.chain] == nil { begin(record, state, place) } else { advance(record, state, place) }
        guard chains[record.chain]?.isBroken == false else { return }
        act(on: record, place)
    }

    private mutating func begin(_ record: AuditRecord, _ state: ChainState, _ place: AuditPlace) {
        guard chains.count < AuditLimits.maxChains else {
            return note(place, record.chain, "more than \(AuditLimits.maxChains) chains: verify fewer files at once")
        }
        chains[record.chain] = ChainProgress(
            last: state, lastPlace: place, first: state, firstPrevious: record.previous)
        if record.seq == 1, record.previous != ChainState.noLine {
            fail(record.chain, place, "was changed: its prev is not that of a first line")
        } else if record.seq > 1, announced.contains(record.chain) {
            let stray = findStray(after: ChainState(chain: record.chain))
            fail(record.chain, stray ?? place, "lines 1 to \(record.seq - 1) are missing before it, or were changed")
        }
    }

    private mutating func advance(_ record: AuditRecord, _ state: ChainState, _ place: AuditPlace) {
        guard var progress = chains[record.chain], !progress.isBroken else { return }
        let expected = progress.last.seq + 1
        if let suspect = progress.suspect {
            let isLastChanged =
                record.seq == expected
                ? record.previous != progress.last.digest
                : record.seq == progress.last.seq && record.previous == progress.beforeLast
            return fail(record.chain, isLastChanged ? progress.lastPlace : suspect, "was changed")
        }
        if progress.isStopped { return fail(record.chain, place, "follows the stop line of its chain") }
        guard record.seq == expected else { return fail(outOfOrder: record, expected, place) }
        if record.previous != progress.last.digest {
            progress.suspect = progress.lastPlace
            progress.beforeLast = progress.last.digest
        }
        progress.last = state
        progress.lastPlace = place
        progress.lines += 1
        chains[record.chain] = progress
    }

    private mutating func fail(outOfOrder record: AuditRecord, _ expected: Int64, _ place: AuditPlace) {
        guard record.seq > expected, let last = chains[record.chain]?.last else {
            return fail(
                record.chain, place,
                "seq is \(record.seq), and \(expected) is expected: it was repeated, moved or changed")
        }
        let stray = findStray(after: last)
        fail(
            record.chain, stray ?? place,
            "seq is \(record.seq), and \(expected) is expected: lines before it were removed or moved, or it was changed"
        )
    }

    /// The line that follows `last` and whose chain was changed: it is the only one of a chain that no start line names.
    private func findStray(after last: ChainState) -> AuditPlace? {
        chains.values.first {
            $0.lines == 1 && $0.first.seq == last.seq + 1 && $0.firstPrevious == last.digest
                && !announced.contains($0.first.chain) && $0.first.chain != last.chain
        }?.lastPlace
    }

    // MARK: Lines of the broker itself

    private mutating func act(on record: AuditRecord, _ place: AuditPlace) {
        switch AuditAction(rawValue: record.action) {
        case .start:
            checkSignature(record, place)
            guard record.seq == 1 else { return fail(record.chain, place, "was changed: a start line has seq 1") }
            for chain in (record.text("name") ?? "").split(separator: ",") { announced.insert(String(chain)) }
        case .checkpoint:
            checkSignature(record, place)
            for state in ChainStates(record.text("name") ?? "")?.states ?? [] { check(state, place, isEnd: false) }
        case .stop:
            checkSignature(record, place)
            guard let named = ChainStates(record.text("name") ?? "") else {
                return fail(record.chain, place, "was changed: its name is no list of chains")
            }
            for state in named.states where state.chain != record.chain { check(state, place, isEnd: true) }
            chains[record.chain]?.isStopped = true
        case .torn:
            parts.remove(record.text("name") ?? "")
            chains[record.chain]?.torn += 1
        case .lost: chains[record.chain]?.lost += Int64(record.text("name") ?? "") ?? 0
        default: break
        }
    }

    /// Compares a chain with what a line says of it.
    ///
    /// - Parameter isEnd: the chain has ended; otherwise it may have further lines.
    private mutating func check(_ state: ChainState, _ place: AuditPlace, isEnd: Bool) {
        guard let progress = chains[state.chain] else {
            // Its lines may be in an earlier file, unless its start was seen.
            if state.seq > 0, announced.contains(state.chain) {
                note(place, state.chain, "the chain is cut off: it has no line, and this line names \(state.seq)")
            }
            return
        }
        if progress.isBroken { return }
        if progress.last.seq < state.seq {
            return fail(
                state.chain, findStray(after: progress.last) ?? place,
                "the chain is cut off after seq \(progress.last.seq): this line names seq \(state.seq)")
        }
        guard isEnd else { return }
        chains[state.chain]?.isStopped = true
        if progress.last.seq > state.seq {
            return fail(state.chain, progress.lastPlace, "was added: the stop line names seq \(state.seq)")
        }
        if progress.last.digest != state.digest {
            fail(state.chain, progress.lastPlace, "was changed")
        } else if let suspect = progress.suspect {
            fail(state.chain, suspect, "was changed")
        }
    }

    private mutating func checkSignature(_ record: AuditRecord, _ place: AuditPlace) {
        guard let publicKey else { return }
        guard record.text("source") == "ed25519",
            let signature = record.text("version").flatMap({ Base64.decodeURL($0) })
        else { return fail(record.chain, place, "is not signed") }
        guard publicKey.verifies(signature, of: record.signedBytes) else {
            return fail(record.chain, place, "has a signature that is not of this key or not of this line")
        }
        chains[record.chain]?.signedSeq = record.seq
    }

    // MARK: The end

    /// Ends the reading.
    ///
    /// - Parameters:
    ///   - expected: lines that must be there.
    ///   - incomplete: an incomplete line at the end of the last file, which may be just being written.
    package mutating func finish(
        expecting expected: [(chain: String, seq: Int64)] = [], incomplete: AuditPlace? = nil
    ) -> AuditVerification {
        for (chain, progress) in chains where !progress.isBroken {
            if let suspect = progress.suspect {
                fail(chain, suspect, "was changed, or the prev of \(progress.lastPlace)")
            }
        }
        for line in expected where (chains[line.chain]?.last.seq ?? 0) < line.seq {
            if chains[line.chain]?.isBroken == true { continue }
            let last = chains[line.chain]?.last.seq
            note(
                chains[line.chain]?.lastPlace, line.chain,
                "the chain is cut off: seq \(line.seq) is expected, and \(last.map { "\($0) is the last" } ?? "there is none")"
            )
        }
        for part in parts.open { note(part, nil, "no line of an audit log, and no line of a broker records it") }
        let all = chains.values.map { progress in
            AuditVerification.Chain(
                id: progress.last.chain, firstSeq: progress.first.seq, lastSeq: progress.last.seq,
                isStopped: progress.isStopped, signedSeq: progress.signedSeq, lost: progress.lost, torn: progress.torn)
        }
        return AuditVerification(
            findings: findings.sorted { Self.position($0) < Self.position($1) },
            chains: all.sorted { $0.id < $1.id }, lines: lines, incomplete: incomplete)
    }

    private static func position(_ finding: AuditFinding) -> (Int, Int) {
        (finding.place?.file ?? .max, finding.place?.line ?? .max)
    }

    private mutating func fail(_ chain: String, _ place: AuditPlace, _ text: String) {
        chains[chain]?.isBroken = true
        note(place, chain, text)
    }

    private mutating func note(_ place: AuditPlace?, _ chain: String?, _ text: String) {
        guard findings.count < AuditLimits.maxOpenParts else { return }
        findings.append(AuditFinding(place: place, chain: chain, text: text))
    }
}
