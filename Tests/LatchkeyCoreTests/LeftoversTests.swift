import LatchkeyCore
import Testing

@Suite struct LeftoversTests {
    @Test(arguments: [
        ("a.conf.0123abcd.part", true), ("a.conf.0123abcd.part2", false), ("a.conf.0123abc.part", false),
        ("a.conf.0123abcg.part", false), ("a.conf.part", false), ("b.conf.0123abcd.part", false), ("a.conf", false),
        ("", false),
        ("a.conf..part", false), ("a.conf.0123abcd.x.part", false),
    ])
    func `A temporary file is known by its name`(name: String, isLeftover: Bool) {
        #expect(DurableFile.isLeftover(name, of: "a.conf") == isLeftover)
    }
}
