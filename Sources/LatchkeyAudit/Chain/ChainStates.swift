internal import LatchkeyCrypto

/// The member `name` of the lines that name all chains of a start: `ID:SEQ:SHA-256,…`.
package struct ChainStates: Hashable, Sendable {
    package let states: [ChainState]

    package init(_ states: [ChainState]) { self.states = states }

    /// Reads the text; nil if it has another form.
    package init?(_ text: String) {
        var states: [ChainState] = []
        for item in text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            let parts = item.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map {
                String(Substring($0))
            }
            guard parts.count == 3, !parts[0].isEmpty, let seq = Int64(parts[1]), seq >= 0,
                let digest = Digest(hex: parts[2])
            else { return nil }
            states.append(ChainState(chain: parts[0], seq: seq, digest: digest))
        }
        self.states = states
    }

    package var text: String {
        states.map { "\($0.chain):\($0.seq):\($0.digest.hex)" }.joined(separator: ",")
    }
}
