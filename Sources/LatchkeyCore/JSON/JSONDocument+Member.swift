extension JSONDocument {
    /// The text with one member of the outermost object set to a string, every other byte as it is.
    ///
    /// Of several members of that name the last one is changed: it is the one that counts. A member that is not there is
    /// put behind the last one, spaced as that is.
    ///
    /// - Returns: nil where the outermost value is no object.
    package func setting(member name: String, to text: String) -> [UInt8]? {
        guard let members = root.members else { return nil }
        var new = JSONWriter()
        new.write(string: text)
        if let value = root.member(name.utf8) { return replacing(value.range, by: new.bytes) }
        var added = JSONWriter()
        added.write(string: name)
        var last: (name: JSONValue, value: JSONValue)?
        for member in members { last = member }
        guard let last else {
            let start = root.range.lowerBound + 1
            return replacing(start..<start, by: added.bytes + [UInt8(ascii: ":")] + new.bytes)
        }
        var insertion: [UInt8] = [UInt8(ascii: ",")]
        insertion += space(before: last.name)
        insertion += added.bytes
        insertion += bytes[last.name.range.upperBound..<last.value.range.lowerBound]
        insertion += new.bytes
        let end = last.value.range.upperBound
        return replacing(end..<end, by: insertion)
    }

    private func replacing(_ range: Range<Int>, by new: [UInt8]) -> [UInt8] {
        var text = bytes
        text.replaceSubrange(range, with: new)
        return text
    }

    /// The white space in front of a value.
    private func space(before value: JSONValue) -> ArraySlice<UInt8> {
        let before = bytes[..<value.range.lowerBound]
        let start = before.lastIndex { ![0x20, 0x0A, 0x0D, 0x09].contains($0) }.map { $0 + 1 } ?? 0
        return before[start...]
    }
}
