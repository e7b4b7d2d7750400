import LatchkeyBroker
import LatchkeyTestSupport
import Testing

@Suite("Patterns of secrets") struct SecretPatternsTests {
    @Test(arguments: [
        ("db/*", "db/password", true), ("db/*", "db/a/b", false), ("db/*", "db", false), ("db/*", "db/", true),
        ("db/**", "db/a/b", true), ("db/**", "db", false), ("**", "a/b/c", true), ("*", "a", true), ("*", "a/b", false),
        ("STRIPE_KEY", "STRIPE_KEY", true), ("STRIPE_KEY", "stripe_key", false), ("STRIPE_KEY", "STRIPE_KEY2", false),
        ("*/key", "a/key", true), ("*/key", "a/b/key", false), ("**/key", "a/b/key", true), ("**/key", "key", false),
        ("a*b*c", "aXbYc", true), ("a*b*c", "aX/bYc", false), ("a**b*c", "a/x/bYc", true), ("a**b*c", "a/x/b/c", false),
        ("***", "a/b", true), ("a*", "a", true), ("*a*", "xay", true), ("", "", true), ("", "a", false),
        ("é*", "é1", true), ("é*", "e\u{301}1", false), ("*a*a*b", "aaaaaaaa", false),
    ])
    func `A pattern matches whole names`(pattern: String, name: String, matches: Bool) {
        #expect(TextPattern(pattern, .segments).matches(name) == matches)
    }

    @Test func `Patterns agree with a simple matcher`() {
        for number in 0..<4_000 {
            var random = SeededGenerator(seed: UInt64(number))
            let text = { (alphabet: [Character], most: Int) in
                String(
                    (0..<Int.random(in: 0...most, using: &random)).map { _ in
                        alphabet.randomElement(using: &random) ?? "a"
                    })
            }
            let pattern = text(["a", "b", "/", "*", "*"], 9)
            let name = text(["a", "b", "/"], number % 10 == 0 ? 150 : 12)
            let parts = Self.parts(pattern)
            #expect(
                TextPattern(pattern, .segments).matches(name) == Self.simple(parts[...], Array(name)[...]),
                "case \(number): \(pattern) \(name)")
        }
    }

    @Test func `Names longer than a machine word are matched across its bounds`() {
        for length in [62, 63, 64, 65, 127, 128, 129, 500] {
            let name = String(repeating: "x", count: length)
            #expect(TextPattern("*x*", .segments).matches(name), "\(length)")
            #expect(TextPattern("x*/*x", .segments).matches("\(name)/\(name)"), "\(length)")
            #expect(!TextPattern("x*y*x", .segments).matches("\(name)/y\(name)"), "\(length)")
            #expect(TextPattern("x**y*x", .segments).matches("\(name)/y\(name)"), "\(length)")
        }
    }

    @Test func `A pattern with many stars takes linear time`() {
        let patterns = [
            TextPattern(String(repeating: "*a", count: 120) + "*b", .segments),
            TextPattern(String(repeating: "**a", count: 80) + "b", .segments),
        ]
        func time(_ length: Int) -> Duration {
            let name = String(repeating: "a", count: length)
            return ThreadTime.spent {
                for _ in 0..<10 { for pattern in patterns { #expect(!pattern.matches(name)) } }
            }
        }
        // Four times as long: 4 times the time, where a square would be 16.
        let short = time(2_048)
        #expect(time(8_192) < short * 8)
    }

    @Test func `A pattern with an exclamation mark takes away and wins`() {
        let patterns = SecretPatterns(["!db/root", "db/*", "api/**", "!api/*/private"])
        #expect(patterns.mismatch("db/password") == nil && patterns.mismatch("api/a/b/private") == nil)
        #expect(patterns.mismatch("db/root") == .excluded && patterns.mismatch("api/a/private") == .excluded)
        #expect(patterns.mismatch("other") == .noPattern)
        #expect(SecretPatterns([]).mismatch("a") == .noPattern && SecretPatterns(["!a"]).mismatch("b") == .noPattern)
    }

    @Test func `The whole blob is matched by its own name alone`() {
        for pattern in ["*", "**", "s*", "secret*", "*secrets", "secrets*", "secrets**", "sec*ets"] {
            #expect(SecretPatterns([pattern]).mismatch("secrets") == .noPattern, "\(pattern)")
            #expect(SecretPatterns(["secrets", "!\(pattern)"]).mismatch("secrets") == nil, "\(pattern)")
        }
        #expect(SecretPatterns(["secrets"]).mismatch("secrets") == nil)
        #expect(SecretPatterns(["secrets", "!secrets"]).mismatch("secrets") == .excluded)
        #expect(SecretPatterns(["**"]).mismatch("secrets/x") == nil)
        #expect(SecretPatterns.all.mismatch("secrets") == nil)
    }

    @Test(arguments: [
        ("a*", "*b", true), ("a*", "b*", false), ("*a", "*b", false), ("a*b", "ab", true), ("a*b", "a", false),
        ("system:serviceaccount:x:*", "system:serviceaccount:y:*", false), ("x:*", "x:y:*", true), ("a", "a", true),
        ("a", "b", false), ("a*c*e", "ab*de", true), ("a*b*c", "a*x*c", true), ("*", "", true), ("a*bc", "ab*c", true),
        ("a*x", "a*y", false), ("ab*", "a*b", true), ("a*/b", "a/*b", true),
    ])
    func `Overlapping subjects are found in either order`(left: String, right: String, overlap: Bool) {
        let (first, second) = (TextPattern(left, .plain), TextPattern(right, .plain))
        #expect(first.overlaps(second) == overlap && second.overlaps(first) == overlap)
    }

    @Test func `Overlaps agree with all short texts`() {
        let texts = Self.texts(of: ["a", "b"], upTo: 7)
        for number in 0..<300 {
            var random = SeededGenerator(seed: UInt64(number))
            let pattern = {
                TextPattern(
                    String(
                        (0..<Int.random(in: 0...4, using: &random)).map { _ in
                            ["a", "b", "*"].randomElement(using: &random) ?? "a"
                        }
                        .joined()), .plain)
            }
            let (first, second) = (pattern(), pattern())
            let expected = texts.contains { first.matches($0) && second.matches($0) }
            #expect(first.overlaps(second) == expected, "case \(number): \(first.text) \(second.text)")
        }
    }

    private static func texts(of alphabet: [String], upTo length: Int) -> [String] {
        var (all, last) = ([""], [""])
        for _ in 0..<length {
            last = last.flatMap { text in alphabet.map { text + $0 } }
            all += last
        }
        return all
    }

    private enum Part: Equatable { case byte(Character), star, doubleStar }

    private static func parts(_ pattern: String) -> [Part] {
        var parts: [Part] = []
        for character in pattern {
            switch (character, parts.last) {
            case ("*", .star), ("*", .doubleStar): parts[parts.count - 1] = .doubleStar
            case ("*", _): parts.append(.star)
            default: parts.append(.byte(character))
            }
        }
        return parts
    }

    /// Matches by the definition, with a table instead of recursion over all ways.
    private static func simple(_ parts: ArraySlice<Part>, _ name: ArraySlice<Character>) -> Bool {
        let (parts, name) = (Array(parts), Array(name))
        var table = [[Bool]](
            repeating: [Bool](repeating: false, count: name.count + 1), count: parts.count + 1)
        table[parts.count][name.count] = true
        for part in parts.indices.reversed() {
            for place in (0...name.count).reversed() {
                switch parts[part] {
                case .byte(let byte):
                    table[part][place] = place < name.count && name[place] == byte && table[part + 1][place + 1]
                case .star:
                    table[part][place] =
                        table[part + 1][place] || place < name.count && name[place] != "/" && table[part][place + 1]
                case .doubleStar:
                    table[part][place] = table[part + 1][place] || place < name.count && table[part][place + 1]
                }
            }
        }
        return table[0][0]
    }
}
