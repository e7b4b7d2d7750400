extension JSONDocument {
    /// The text with one member of the outermost object set to a string. Every other byte stays as it is.
    ///
    /// If several members have the name, the last one is changed, because it is the one that counts. A new member is
    /// added after the last one, with the same white space.
    ///
    /// - Returns: nil if the outermost value is not an object.
    package func setting(member name: String, to text: String) -> [UInt8]? {
        guard let members = root.members else { return nil }
        var newValue = JSONWriter()
        newValue.write(string: text)
        if let value = root.member(name.utf8) { return replacing(value.range, by: newValue.bytes) }
        var newName = JSONWriter()
        newName.write(string: name)
        var last: (name: JSONValue, value: JSONValue)?
        for member in members { last = member }
        guard let last else {
            let start = root.range.lowerBound + 1
            return replacing(start..<start, by: newName.bytes + [UInt8(ascii: ":")] + newValue.bytes)
        }
        var insertion: [UInt8] = [UInt8(ascii: ",")]
        insertion += whiteSpace(before: last.name)
        insertion += newName.bytes
        insertion += bytes[last.name.range.upperBound..<last.value.range.lowerBound]
        insertion += newValue.bytes
        let end = last.value.range.upperBound
        return replacing(end..<end, by: insertion)
    }

    private func replacing(_ range: Range<Int>, by new: [UInt8]) -> [UInt8] {
        var text = bytes
        text.replaceSubrange(range, with: new)
        return text
    }

    private func whiteSpace(before value: JSONValue) -> ArraySlice<UInt8> {
        let before = bytes[..<value.range.lowerBound]
        let start = before.lastIndex { !JSONReader.isWhiteSpace($0) }.map { $0 + 1 } ?? 0
        return before[start...]
    }
}
