import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyTestSupport
import Testing

/// The state machines with which the broker follows the key's file, without a file.
private struct KeyFile {
    private var followed: Followed<Secret>
    private var rotation: KeyRotation

    init(_ key: String) {
        followed = Followed(Secret(key))
        rotation = KeyRotation(Secret(key))
    }

    mutating func look(_ content: Result<String, FileError>) {
        let look: Followed<Secret>.Reading
        switch content {
        case .failure(let fault): look = .failed(fault)
        case .success(let text):
            let weakness = KeyStrength.weakness(of: Secret(text), beyondLoopback: false)
            look = weakness.map { .failed(.unfit("\($0)")) } ?? .read(Secret(text))
        }
        if case .changed(let key) = followed.apply(look) { rotation.accept(key) }
    }

    func opens(_ key: String) -> Bool { rotation.digests.contains(SHA256.hash(key)) }
}

@Suite struct KeyFileTests {
    @Test func `Each state of the case file accepts the expected keys`() throws {
        let cases = try Fixture.json("cases/keyfile.json")
        let keys = try #require(cases["keys"]?.object).compactMapValues(\.string)
        for one in try #require(cases["cases"]?.array) {
            let name = one["name"]?.string ?? ""
            var file = KeyFile(keys["zero"] ?? "")
            for state in one["states"]?.array ?? [] {
                for content in Self.looks(state, keys) { file.look(content) }
                let open = Set((state["open"]?.array ?? []).compactMap(\.string))
                #expect(Set(keys.filter { file.opens($0.value) }.keys) == open, "\(name)")
                for shut in (state["shut"]?.array ?? []).compactMap(\.string) { #expect(!file.opens(shut), "\(name)") }
            }
        }
    }

    /// The results of the reads during the two seconds of a state.
    private static func looks(_ state: JSON, _ keys: [String: String]) -> [Result<String, FileError>] {
        if let pieces = state["pieces"]?.array?.compactMap(\.string), pieces.count == 2 {
            let whole = (pieces[0] + pieces[1]).replacing("\n", with: "")
            return [.success(pieces[0])] + Array(repeating: .success(whole), count: 7)
        }
        let look: Result<String, FileError>
        if let text = state["text"]?.string {
            look = text.isEmpty ? .failure(.empty) : .success(keys[text] ?? text)
        } else if state["bytes_hex"] != nil {
            look = .failure(.notText)
        } else if state["bytes"] != nil {
            look = .failure(.tooLarge(limit: 65_536))
        } else if state["connections"] != nil {
            look = .failure(.noDescriptor)
        } else {
            let faults: [String: FileError] = ["absent": .absent, "mode 000": .denied]
            look = .failure(faults[state["file"]?.string ?? ""] ?? .notAFile)
        }
        return Array(repeating: look, count: 8)
    }

    /// The expected keys: the last two different valid texts that two consecutive reads found.
    private static func inForce(_ first: String, _ looks: [Result<String, FileError>]) -> Set<String> {
        var accepted = [first]
        for (last, next) in zip(looks, looks.dropFirst()) {
            guard case .success(let text) = next, case .success(text) = last, text != accepted.last else { continue }
            guard KeyStrength.weakness(of: Secret(text), beyondLoopback: false) == nil else { continue }
            accepted.append(text)
        }
        return Set(accepted.suffix(2))
    }

    @Test func `In 200 random sequences of reads, only the last valid key and its predecessor are accepted`() {
        let keys = (0..<6).map { "key-\($0)-0123456789abcdef" }
        let others = ["short", "changemechangeme", "key-1-0123456789"]
        let faults: [FileError] = [.absent, .denied, .notAFile, .noDescriptor, .empty, .notText, .tooLarge(limit: 9)]
        for seed in UInt64(0)..<200 {
            var random = SeededGenerator(seed: seed)
            var file = KeyFile(keys[0])
            var looks: [Result<String, FileError>] = []
            for _ in 0..<60 {
                let content: Result<String, FileError> =
                    switch Int.random(in: 0..<4, using: &random) {
                    case 0: .failure(faults.randomElement(using: &random) ?? .absent)
                    case 1: .success(others.randomElement(using: &random) ?? "")
                    default: .success(keys.randomElement(using: &random) ?? "")
                    }
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    file.look(content)
                    looks.append(content)
                    let open = Self.inForce(keys[0], looks)
                    #expect(Set((keys + others).filter { file.opens($0) }) == open, "seed \(seed), look \(looks.count)")
                }
            }
        }
    }
}
