/// What Parameter Store accepts as the name of a parameter (Systems Manager API reference, PutParameter, `Name`).
package enum ParameterNameRules {
    /// The most levels in a name; `/a/b` has two.
    package static let maxLevels = 15
    /// The most characters in the parameter's ARN, which contains the name.
    package static let maxARNLength = 1011

    /// The beginnings that AWS reserves for its own parameters.
    private static let reservedPrefixes = ["aws", "ssm"]

    /// The reserved beginning of a name's first level, in any case of letters; nil if there is none.
    package static func reservedPrefix(ofFirstLevel level: some StringProtocol) -> String? {
        let lowered = level.lowercased()
        return reservedPrefixes.first { lowered.hasPrefix($0) }
    }

    /// Whether all of `text` may appear in a level of a name: letters, digits, `.`, `-` and `_`, all of ASCII.
    package static func allows(_ text: some Sequence<UInt8>) -> Bool {
        text.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"): true
            default: false
            }
        }
    }
}
