package import LatchkeyCrypto

/// The last line of a chain: `ID:SEQ:SHA-256`.
package struct ChainState: Hashable, Sendable {
    package var chain: String
    /// The number of the last line; 0 for none.
    package var seq: Int64
    /// The SHA-256 of the last line without its line feed; of no line, 32 zero bytes.
    package var digest: Digest

    package init(chain: String, seq: Int64, digest: Digest) {
        self.chain = chain
        self.seq = seq
        self.digest = digest
    }

    /// A chain without lines.
    package init(chain: String) {
        self.init(chain: chain, seq: 0, digest: Self.noLine)
    }

    /// The `prev` of the first line of a chain.
    package static let noLine = Digest(hex: String(repeating: "0", count: 64)) ?? SHA256.hash("")
}
