/// A marker that seeds have in place of secrets. It must not appear in any output.
enum PlantedSecret {
    static let marker = Array("hush-hush".utf8)

    /// Whether the input contains the marker, and only at the start of values with these names.
    static func isPlanted(in bytes: [UInt8], behind names: [String]) -> Bool {
        var isPlanted = false
        for line in bytes.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D || $0 == 0x00 }) where holds(marker, line) {
            let start = line.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            guard let name = names.first(where: { start.starts(with: $0.utf8) }) else { return false }
            let tail = start.dropFirst(name.utf8.count).drop { $0 == UInt8(ascii: " ") }
            // A `file:` path that contains the marker does not count: messages may show paths.
            let value = tail.dropFirst().drop { "\"' ".utf8.contains($0) }
            guard tail.first == UInt8(ascii: "="), value.starts(with: marker) else { return false }
            isPlanted = true
        }
        return isPlanted
    }

    static func holds(_ text: String) -> Bool { holds(marker, Array(text.utf8)[...]) }

    private static func holds(_ wanted: [UInt8], _ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.indices.contains { bytes[$0...].starts(with: wanted) }
    }
}
