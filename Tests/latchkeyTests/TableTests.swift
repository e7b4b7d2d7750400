import Testing

@testable import latchkey

@Suite struct TableTests {
    @Test func `A column is as wide as its widest cell, and no line ends with a space`() {
        var table = Table(["NAME", "WHY"])
        table.add(["a", "first"])
        table.add(["longer", ""])
        #expect(table.lines == ["NAME    WHY", "a       first", "longer"])
    }

    @Test func `No control character of a name reaches the terminal`() {
        var table = Table(["NAME"])
        let control = Array(0..<0x20) + Array(0x7F...0x9F)
        for code in control {
            guard let scalar = Unicode.Scalar(UInt32(code)) else { continue }
            table.add(["a\(Character(scalar))[31mb"])
        }
        #expect(table.lines.dropFirst().allSatisfy { $0 == "a?[31mb" })
        #expect(table.lines.count == control.count + 1)
    }

    @Test func `A name keeps its other characters`() {
        #expect(Table.clean("db/passwörd 鍵 ~") == "db/passwörd 鍵 ~")
        // A line break of two characters is one of Swift's.
        #expect(Table.clean("a\r\nb") == "a??b")
    }
}
