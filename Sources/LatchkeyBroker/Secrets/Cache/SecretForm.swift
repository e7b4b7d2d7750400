/// What an endpoint has rendered of a secret, without its value. It is released with the entry.
package final class SecretForm: Sendable {
    /// Header fields up to the digits of `Age`.
    package let fields: [UInt8]
    /// The entity tag.
    package let tag: [UInt8]
    /// Members of the audit line of an answer with the value, and of one without it because it is unchanged.
    package let given: [UInt8]
    package let unchanged: [UInt8]

    package init(fields: [UInt8], tag: [UInt8], given: [UInt8], unchanged: [UInt8]) {
        self.fields = fields
        self.tag = tag
        self.given = given
        self.unchanged = unchanged
    }

    /// Whether the bytes are the entity tag.
    package func hasTag(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count == tag.count else { return false }
        return tag.withUnsafeBytes { tag in
            for index in 0..<tag.count where tag[index] != bytes[index] { return false }
            return true
        }
    }
}
