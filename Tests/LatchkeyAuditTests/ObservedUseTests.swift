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

    private func use(_ lines: [AuditLine]) throws -> ObservedUse {
        var (use, chain) = (ObservedUse(), AuditFixture.chain())
        for line in lines { chain.append(line) }
        for line in AuditFixture.lines(chain.buffer) { use.add(try #require(AuditRecord(line[...]))) }
        return use
    }

    @Test func `A name that does not exist is given, because a refusal is another answer`() throws {
        var missing = AuditFixture.access("optional")
        (missing.decision, missing.status, missing.reason) = (.failed, 404, "not_found")
        var foreign = AuditFixture.access("arn:aws:ssm:eu-central-1:2:parameter/a")
        (foreign.decision, foreign.reason) = (.failed, "foreign")
        let result = CallersFromUse(try use([missing, foreign]), existing: nil)
        let file = try JSON(parsing: Array(result.text.utf8))
        #expect(file["callers"]?.array?.first?["secrets"]?.array == ["optional"])
        #expect(result.notes.contains("caller orders asked for optional, which does not exist: it stays not found"))
        let later = CallersFromUse(try use([missing, AuditFixture.access("optional")]), existing: nil)
        #expect(!later.notes.contains { $0.contains("does not exist") })
    }

    @Test func `A caller that reads metrics and health needs a scope that opens both`() throws {
        var lines = [AuditFixture.access(), AuditFixture.access()]
        lines[0].action = .metricsRead
        lines[1].action = .healthRead
        let scopes = { (lines: [AuditLine]) in
            try JSON(parsing: Array(CallersFromUse(use(lines), existing: nil).text.utf8))["callers"]?.array?.first?[
                "scopes"]?.array
        }
        #expect(try scopes(lines) == ["metrics", "secrets"])
        #expect(try scopes([lines[0]]) == ["metrics"])
        #expect(try scopes([lines[1]]) == ["secrets"])
    }

    @Test func `A name that is no pattern of its own is given by a wider one, and noted`() throws {
        let names = ["!a", "b*c", String(repeating: "d", count: 513)]
        let result = CallersFromUse(try use(names.map { AuditFixture.access($0) }), existing: nil)
        let patterns = try JSON(parsing: Array(result.text.utf8))["callers"]?.array?.first?["secrets"]?.array?
            .compactMap(\.string)
        #expect(patterns == ["*a", "b*c"])
        #expect(UsePattern.matches("*a", "!a") && UsePattern.matches("b*c", "b*c"))
        #expect(result.notes.filter { $0.hasPrefix("caller orders") }.count == 4)
        let many = CallersFromUse(try use((0..<257).map { AuditFixture.access("name\($0)") }), existing: nil)
        #expect(many.notes.contains { $0.contains("256 patterns") })
    }
}
