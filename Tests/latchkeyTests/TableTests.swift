import LatchkeyCore
import Testing

@testable import latchkey

@Suite struct TableTests {
    @Test func `A column is as wide as its widest cell, and no line ends with a space`() {
        var table = Table(["NAME", "WHY"])
        table.add(["a", "first"])
        table.add(["longer", ""])
        #expect(table.lines == ["NAME    WHY", "a       first", "longer"])
    }

    @Test func `In colour the head is strong, the state has its style, and the columns stay where they are`() {
        var table = Table(["NAME", "STATE", "WHY"], state: 1)
        table.add(["a", "fine", "well"], .good)
        table.add(["longer", "failed", ""], .bad)
        table.add(["b", "", "more"], .bad)
        #expect(
            table.lines(isColoured: false) == [
                "NAME    STATE   WHY", "a       fine    well", "longer  failed", "b               more",
            ])
        #expect(
            table.lines(isColoured: true) == [
                "\u{1B}[1mNAME\u{1B}[0m    \u{1B}[1mSTATE\u{1B}[0m   \u{1B}[1mWHY\u{1B}[0m",
                "a       \u{1B}[32mfine\u{1B}[0m    well", "longer  \u{1B}[31mfailed\u{1B}[0m", "b               more",
            ])
    }

    @Test(arguments: [
        ([:], true), (["NO_COLOR": ""], true), (["NO_COLOR": "1"], false), (["NO_COLOR": "0"], false),
        (["TERM": "dumb"], false), (["TERM": "xterm"], true),
    ])
    func `NO_COLOR with any value and a dumb terminal have no colours`(variables: [String: String], shows: Bool) {
        #expect(Terminal.showsColours { variables[$0] } == shows)
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
