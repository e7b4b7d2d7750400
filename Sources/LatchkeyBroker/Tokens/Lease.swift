package import LatchkeyCore

/// A broker's word to its siblings that it is getting a profile's next token, kept where they share tokens.
///
/// Advisory: it spares the issuer, and nobody's token depends on it. A lease is over as soon as the token it set out
/// to replace has been replaced, when its time is up by the wall clock, or when whoever waits has seen it unchanged
/// for its whole length: so neither a dead holder nor a wrong clock holds anyone up for longer than that.
package struct Lease: Hashable, Sendable {
    /// Who holds it, for people who look: made anew at each start of a process. 1 to 64 letters, digits and hyphens.
    package var holder: String
    /// When it ends by the holder's clock.
    package var until: WallTime
    /// The version of the token it sets out to replace; 0 where there was none. A later token ends the lease.
    package var after: Int64
    /// What it stands for.
    package var purpose: Purpose
    /// The holder's definition of the profile (``TokenProfile/definition``): what the token that is written under this
    /// lease is for. Nil for the `AUTH0_*` settings and from brokers that do not say.
    package var definition: String?
    /// The definition that the token of version ``after`` was got for; nil where the holder does not know.
    package var replaces: String?

    /// What a lease stands for.
    package enum Purpose: Hashable, Sendable {
        /// The holder is getting the next token.
        case refresh
        /// The issuer asked the holder for peace (`Retry-After`) until ``until``: siblings keep it too.
        case rest
        /// The token is there, and little is left of the issuer's allowance until ``until``: nobody fetches another
        /// ahead of need.
        case spare
        /// The holder's token has so many bytes, more than the shared tier takes, so it is not shared. Until a token is
        /// written after all, whoever cannot write one of that length neither waits for a lease nor claims one.
        case tooLarge(bytes: Int64)
    }

    package init(
        holder: String, until: WallTime, after: Int64, purpose: Purpose = .refresh, definition: String? = nil,
        replaces: String? = nil
    ) {
        self.holder = holder
        self.until = until
        self.after = after
        self.purpose = purpose
        self.definition = definition
        self.replaces = replaces
    }

    /// The longest ``Purpose/spare`` believed; issuers count by the day.
    package static let longestSparing: Duration = .seconds(86_400)

    /// How long nobody should fetch a token ahead of need; nil where nothing is to be spared.
    func spares(_ now: Now) -> Duration? {
        guard purpose == .spare, now.wall < until else { return nil }
        return min(until - now.wall, Self.longestSparing)
    }

    /// The longest ``text`` read, in bytes: no lease of ours is a quarter of it.
    package static let longestText = 512

    /// Reads a lease as stored. Nil for anything a broker would not have written.
    package init?(_ text: String) {
        guard text.utf8.count <= Self.longestText, let json = try? JSON(parsing: Array(text.utf8)),
            let holder = json["holder"]?.string, (1...64).contains(holder.utf8.count),
            holder.utf8.allSatisfy({ Self.isPlain($0) }), let until = json["until"]?.integer,
            let after = json["after"]?.integer, until >= 0, after >= 0
        else { return nil }
        let isResting = json["resting"]?.bool ?? false
        let isSparing = json["sparing"]?.bool ?? false
        var purpose: Purpose = isResting ? .rest : isSparing ? .spare : .refresh
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

    /// One line of JSON: `{"after":3,"holder":"…","until":1763900000000}`, and `"resting":true`, `"sparing":true`
    /// or `"too_large":5000` where it is so; `"for":"…"` and `"replaces":"…"` where the definitions are known.
    package var text: String {
        var members: JSONObject = [
            "after": .integer(after), "holder": .string(holder), "until": .integer(until.milliseconds),
        ]
        switch purpose {
        case .refresh: break
        case .rest: members["resting"] = true
        case .spare: members["sparing"] = true
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
