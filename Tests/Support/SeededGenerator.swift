/// A random number generator (SplitMix64) whose sequence follows from its seed, so that a failure can be repeated.
package struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// `bytes` after one to four random edits: bytes changed, removed or doubled, or a byte inserted that the grammars
    /// treat specially.
    package mutating func mutate(_ bytes: [UInt8]) -> [UInt8] {
        let special = Array("\r\n\0\t :,;=?/#%\"0159afAF*+-\u{7f}".utf8) + [0x80, 0xFF, 0x0B]
        var mutated = bytes
        for _ in 0..<Int.random(in: 1...4, using: &self) {
            guard !mutated.isEmpty else { return mutated }
            let position = Int.random(in: 0..<mutated.count, using: &self)
            let end = min(mutated.count, position + Int.random(in: 1...12, using: &self))
            switch Int.random(in: 0..<6, using: &self) {
            case 0: mutated[position] = special.randomElement(using: &self) ?? 0
            case 1: mutated.insert(special.randomElement(using: &self) ?? 0, at: position)
            case 2: mutated.remove(at: position)
            case 3: mutated.removeSubrange(position..<end)
            case 4: mutated.insert(contentsOf: Array(mutated[position..<end]), at: end)
            default: mutated[position] ^= 1 << UInt8.random(in: 0..<8, using: &self)
            }
        }
        return mutated
    }
}
