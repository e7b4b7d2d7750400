package import LatchkeyCore
package import LatchkeyCrypto

/// A line of the audit log that was read.
package struct AuditRecord: Sendable {
    package let time: String
    package let chain: String
    package let seq: Int64
    package let action: String
    package let previous: Digest
    private let root: JSONValue

    /// Reads a line; nil if it is not an object with exactly the members of ``AuditLine/members`` in their order.
    ///
    /// - Parameter bytes: without the line feed.
    package init?(_ bytes: ArraySlice<UInt8>) {
        guard let document = try? JSONDocument(bytes, limits: JSONLimits(depth: 1, values: 64)),
            let members = document.root.members
        else { return nil }
        var values: [JSONValue] = []
        values.reserveCapacity(AuditLine.members.count)
        for (name, value) in members {
            guard values.count < AuditLine.members.count,
                name.source.dropFirst().dropLast().elementsEqual(AuditLine.members[values.count].utf8)
            else { return nil }
            values.append(value)
        }
        guard values.count == AuditLine.members.count, let time = values[0].string, let chain = values[1].string,
            !chain.isEmpty, let seq = values[2].integer, seq > 0, let action = values[8].string,
            let previous = values[16].string.flatMap({ Digest(hex: $0) })
        else { return nil }
        (self.time, self.chain, self.seq, self.action, self.previous) = (time, chain, seq, action, previous)
        root = document.root
    }

    /// The text of a member; nil for `null` and for a number.
    package func text(_ member: String) -> String? { root[member]?.string }

    package var status: Int64? { root["status"]?.integer }

    /// The bytes that the signature of this line covers.
    var signedBytes: [UInt8] {
        CheckpointText.bytes(
            action: action, time: time, chain: chain, seq: seq, name: text("name") ?? "", previous: previous)
    }

    /// The source of each member, in the order of a line.
    package var members: [(name: String, value: JSONValue)] {
        root.members.map { $0.compactMap { pair in pair.name.string.map { ($0, pair.value) } } } ?? []
    }
}
