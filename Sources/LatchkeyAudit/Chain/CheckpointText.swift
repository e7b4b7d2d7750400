package import LatchkeyCrypto

/// What the signature of a line covers. With `prev` that is every line of the chain before it.
package enum CheckpointText {
    /// The signed bytes: seven lines, each ended by a line feed.
    ///
    /// - Parameters:
    ///   - time: the member `time` as it is written.
    ///   - name: the member `name`; empty if it is absent.
    package static func bytes(
        action: String, time: String, chain: String, seq: Int64, name: String, previous: Digest
    ) -> [UInt8] {
        Array("latchkey audit 1\n\(action)\n\(time)\n\(chain)\n\(seq)\n\(name)\n\(previous.hex)\n".utf8)
    }
}
