/// A pattern of the callers file: `*` is any part of a segment and `**` any part of a name. The whole blob, `secrets`, is
/// matched by its literal name alone.
package enum UsePattern {
    private static let blob = "secrets"

    /// Whether the pattern, without a leading `!`, matches the name. Takes time linear in the product of both lengths.
    package static func matches(_ pattern: String, _ name: String) -> Bool {
        let (pattern, name) = (Array(pattern.utf8), Array(name.utf8))
        if name.elementsEqual(blob.utf8) { return pattern == name }
        // The positions in the pattern that the part of the name read so far can reach.
        var reached = closure([0], pattern)
        for byte in name {
            var next: Set<Int> = []
            for position in reached where position < pattern.count {
                if pattern[position] == star {
                    let isDeep = position + 1 < pattern.count && pattern[position + 1] == star
                    if isDeep || byte != slash { next.insert(position) }
                } else if pattern[position] == byte {
                    next.insert(position + 1)
                }
            }
            reached = closure(next, pattern)
            if reached.isEmpty { return false }
        }
        return reached.contains(pattern.count)
    }

    /// Adds the positions after stars, which may match nothing.
    private static func closure(_ positions: Set<Int>, _ pattern: [UInt8]) -> Set<Int> {
        var all = positions
        for start in positions {
            var position = start
            while position < pattern.count, pattern[position] == star {
                let isDeep = position + 1 < pattern.count && pattern[position + 1] == star
                position += isDeep ? 2 : 1
                all.insert(position)
            }
        }
        return all
    }

    private static let star = UInt8(ascii: "*")
    private static let slash = UInt8(ascii: "/")
}
