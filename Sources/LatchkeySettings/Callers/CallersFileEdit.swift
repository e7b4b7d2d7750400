package import LatchkeyCore
package import LatchkeyCrypto

/// Changes one caller in the text of a callers file. All other bytes stay as they are. Pure.
package struct CallersFileEdit: Sendable {
    /// Why a change is not possible, in lower case.
    package struct Problem: Error, CustomStringConvertible {
        package let description: String

        init(_ description: String) { self.description = description }
    }

    /// The most live digests after a rotation: the new one and the one before it.
    private static let rotatedKeys = 2

    private let document: JSONDocument

    /// The text of a new callers file.
    package static let empty = "{\"mode\": \"enforce\",\n \"callers\": []}\n"

    /// - Throws: if the text is not JSON.
    package init(_ text: String) throws(Problem) {
        do throws(JSONError) {
            document = try JSONDocument(text.utf8, limits: .document.refusingDuplicates)
        } catch {
            throw Problem("the callers file is \(error)")
        }
    }

    /// The text with one more caller.
    ///
    /// - Parameter members: the caller's members, `id` among them.
    package func adding(_ members: [(name: String, value: JSON)]) throws(Problem) -> String {
        guard let list = document.root["callers"], let elements = list.elements else {
            throw Problem("the callers file has no list callers")
        }
        var element = Array("{".utf8)
        for (index, member) in members.enumerated() {
            if index > 0 { element += Array(", ".utf8) }
            element += JSON.string(member.name).bytes() + Array(": ".utf8) + member.value.bytes()
        }
        element.append(UInt8(ascii: "}"))
        var last: JSONValue?
        for value in elements { last = value }
        guard let last else {
            let start = list.range.lowerBound + 1
            return replacing(start..<start, by: Array("\n  ".utf8) + element)
        }
        let end = last.range.upperBound
        return replacing(end..<end, by: Array(",\n  ".utf8) + element)
    }

    /// The text in which the caller has one more digest. Of its earlier ones only the newest stays.
    package func rotating(_ id: String, to digest: Digest) throws(Problem) -> String {
        let caller = try self.caller(id).value
        guard let keys = caller["key_sha256"], let elements = keys.elements else {
            throw Problem("\(id) has no key_sha256 that could be rotated")
        }
        let kept = Array(elements).suffix(Self.rotatedKeys - 1).compactMap(\.string)
        let list = (kept + [digest.hex]).map { JSON.string($0) }
        return replacing(keys.range, by: JSON.array(list).bytes())
    }

    /// The text in which the caller has only the newest of its digests.
    package func withdrawingOldKeys(of id: String) throws(Problem) -> String {
        guard let keys = try caller(id).value["key_sha256"], let elements = keys.elements,
            let newest = Array(elements).last?.string
        else { throw Problem("\(id) has no key_sha256") }
        return replacing(keys.range, by: JSON.array([.string(newest)]).bytes())
    }

    /// The text without the caller.
    package func removing(_ id: String) throws(Problem) -> String {
        let (index, value, all) = try caller(id)
        let range =
            if index + 1 < all.count {
                value.range.lowerBound..<all[index + 1].range.lowerBound
            } else if index > 0 {
                all[index - 1].range.upperBound..<value.range.upperBound
            } else {
                value.range
            }
        return replacing(range, by: [])
    }

    private func caller(_ id: String) throws(Problem) -> (index: Int, value: JSONValue, all: [JSONValue]) {
        let all = document.root["callers"]?.elements.map { Array($0) } ?? []
        guard let index = all.firstIndex(where: { $0["id"]?.string?.hasSameBytes(as: id) ?? false }) else {
            throw Problem("no caller of the file has the id \(id)")
        }
        return (index, all[index], all)
    }

    private func replacing(_ range: Range<Int>, by new: [UInt8]) -> String {
        var text = document.bytes
        text.replaceSubrange(range, with: new)
        return String(decoding: text, as: UTF8.self)
    }
}
