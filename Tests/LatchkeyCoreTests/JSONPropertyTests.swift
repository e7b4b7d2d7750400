import LatchkeyCore
import LatchkeyTestSupport
import Testing

@Suite("Random JSON") struct JSONPropertyTests {
    @Test(arguments: [1, 20_261_125])
    func `A written value reads back equal, and so does its copy`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let model = JSONModel(&random, depth: 5)
            let text = model.text(&random)
            let document = try JSONDocument(text.utf8, limits: .document)
            #expect(model.matches(document.root), "\(text)")
            let copy = try JSON(document.root)
            #expect(try JSON(parsing: copy.bytes()) == copy, "\(text)")
        }
    }

    @Test func `The source of every part reads back as the same value`() throws {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<200 {
            let document = try JSONDocument(JSONModel(&random, depth: 4).text(&random).utf8, limits: .document)
            try check(document.root)
        }
    }

    @Test func `Setting a member changes that member and nothing else`() throws {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<500 {
            let before = try JSONDocument(JSONModel(&random, depth: 4).text(&random).utf8, limits: .document)
            let names = before.root.members.map { $0.compactMap(\.name.string) }
            let name =
                (names?.randomElement(using: &random)).flatMap { Bool.random(using: &random) ? $0 : nil } ?? "new"
            guard let bytes = before.setting(member: name, to: "set \"\n") else {
                #expect(before.root.members == nil)
                continue
            }
            let after = try JSONDocument(bytes, limits: .document).root
            #expect(after[name]?.string == "set \"\n")
            let isNew = before.root[name] == nil
            let (old, new) = (before.root.members.map(Array.init) ?? [], after.members.map(Array.init) ?? [])
            #expect(new.count == old.count + (isNew ? 1 : 0))
            let last = old.lastIndex { $0.name.stringBytes == Array(name.utf8) }
            for (index, member) in old.enumerated() {
                #expect(new[index].name.source == member.name.source)
                if index != last { #expect(new[index].value.source == member.value.source) }
            }
        }
    }

    private func check(_ value: JSONValue) throws {
        let part = try JSONDocument(value.source, limits: .document).root
        #expect(try JSON(part) == JSON(value))
        for element in value.elements.map(Array.init) ?? [] { try check(element) }
        for member in value.members.map(Array.init) ?? [] { try check(member.value) }
    }

    /// A mutated text is read or rejected, and a text that is read can be written and read again.
    @Test func `No mutation of a text breaks the reader`() throws {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<2_000 {
            let bytes = random.mutate(Array(JSONModel(&random, depth: 3).text(&random).utf8))
            do {
                let document = try JSONDocument(bytes, limits: .document)
                #expect(document.root.range.upperBound <= bytes.count)
                if let copy = try? JSON(document.root) { #expect(try JSON(parsing: copy.bytes()) == copy) }
            } catch {
                #expect(error.offset <= bytes.count)
            }
        }
    }
}
