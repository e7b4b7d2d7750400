internal import LatchkeyCore

// The stored form of a lease.
extension Lease {
    /// The maximum length of ``text`` that is read, in bytes. Leases of this program have less than half of it.
    package static let maxTextBytes = 512

    /// Parses a stored lease. Nil for anything that no broker would have written.
    package init?(_ text: String) {
        guard text.utf8.count <= Self.maxTextBytes, let json = try? JSON(parsing: Array(text.utf8)),
            let holder = json["holder"]?.string, (1...64).contains(holder.utf8.count),
            holder.utf8.allSatisfy({ Self.isPlain($0) }), let until = json["until"]?.integer,
            let after = json["after"]?.integer, until >= 0, after >= 0
        else { return nil }
        let isBackoff = json["resting"]?.bool ?? false
        let conservesQuota = json["sparing"]?.bool ?? false
        var purpose: Purpose = isBackoff ? .issuerBackoff : conservesQuota ? .conserveQuota : .refresh
        if let bytes = json["too_large"]?.integer, bytes > 0 { purpose = .tooLarge(bytes: bytes) }
        self.init(
            holder: holder, until: WallTime(milliseconds: until), after: after, purpose: purpose,
            definition: Self.definition(json["for"]), replaces: Self.definition(json["replaces"]))
    }

    /// Plain text of at most 64 bytes; nil for anything else.
    private static func definition(_ value: JSON?) -> String? {
        guard let text = value?.string, (1...64).contains(text.utf8.count), text.utf8.allSatisfy({ isPlain($0) }) else {
            return nil
        }
        return text
    }

    /// One line of JSON: `{"after":3,"holder":"…","until":1763900000000}`.
    ///
    /// The other purposes add `"resting":true`, `"sparing":true` or `"too_large":5000`; known definitions add
    /// `"for":"…"` and `"replaces":"…"`.
    package var text: String {
        var members: JSONObject = [
            "after": .integer(after), "holder": .string(holder), "until": .integer(until.milliseconds),
        ]
        switch purpose {
        case .refresh: break
        case .issuerBackoff: members["resting"] = true
        case .conserveQuota: members["sparing"] = true
        case .tooLarge(let bytes): members["too_large"] = .integer(bytes)
        }
        members["for"] = definition.map { .string($0) }
        members["replaces"] = replaces.map { .string($0) }
        return JSON.object(members).text
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D: true
        default: false
        }
    }
}
