import LatchkeyAudit
import LatchkeyCore
import LatchkeyTestSupport
import Testing

@Suite struct ObservedUseTests {
    /// A matcher that tries every way to divide the name.
    private func simple(_ pattern: Substring, _ name: Substring) -> Bool {
        guard let first = pattern.first else { return name.isEmpty }
        guard first == "*" else {
            return name.first == first && simple(pattern.dropFirst(), name.dropFirst())
        }
        let isDeep = pattern.dropFirst().first == "*"
        let rest = pattern.dropFirst(isDeep ? 2 : 1)
        if simple(rest, name) { return true }
        guard let next = name.first, isDeep || next != "/" else { return false }
        return simple(pattern, name.dropFirst())
    }

    @Test func `Patterns match as a simple matcher does`() {
        var random = SeededGenerator(seed: 11)
        let text = { (random: inout SeededGenerator, letters: [String], most: Int) in
            (0..<Int.random(in: 0...most, using: &random)).map { _ in letters.randomElement(using: &random) ?? "" }
                .joined()
        }
        for _ in 0..<5000 {
            let pattern = text(&random, ["a", "b", "/", "*", "**"], 6)
            let name = text(&random, ["a", "b", "/"], 8)
            #expect(UsePattern.matches(pattern, name) == simple(pattern[...], name[...]), "\(pattern) \(name)")
        }
    }

    @Test func `The blob is matched by its name alone`() {
        #expect(UsePattern.matches("secrets", "secrets"))
        for pattern in ["*", "**", "secret*"] { #expect(!UsePattern.matches(pattern, "secrets")) }
    }

    @Test func `A denied access, and one without a caller, is no use`() throws {
        var (use, chain) = (ObservedUse(), AuditFixture.chain())
        var line = AuditFixture.access("kept")
        chain.append(line)
        line.decision = .denied
        line.name = "denied"
        chain.append(line)
        line.decision = .allowed
        line.caller = nil
        chain.append(line)
        for line in AuditFixture.lines(chain.buffer) { use.add(try #require(AuditRecord(line[...]))) }
        #expect(use.callers.keys.sorted() == ["orders"])
        #expect(use.callers["orders"]?.secrets == ["kept"])
    }
}
