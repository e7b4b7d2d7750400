/// The rules for a parameter's name (PutParameter, `Name`), as a check: what Parameter Store would refuse, all of it.
package enum ParameterName {
    /// Levels of a hierarchy, `/a/b` having two.
    package static let mostLevels = 15
    /// Characters of the whole ARN, name included.
    package static let longestARN = 1011

    /// The name a secret gets where no map says otherwise: `a/b` becomes `/a/b`.
    package static func standard(for secret: String) -> String { secret.hasPrefix("/") ? secret : "/" + secret }

    /// Whether Parameter Store would take a parameter of this name.
    package static func isUsable(_ name: String, arnPrefix: String) -> Bool {
        obstacles(name, arnPrefix: arnPrefix).isEmpty
    }

    /// What stands in the way of a parameter of this name; empty for a good one.
    static func obstacles(_ name: String, arnPrefix: String) -> [Obstacle] {
        var found: [Obstacle] = []
        let bare = name.hasPrefix("/") ? name.dropFirst() : name[...]
        let levels = bare.split(separator: "/", omittingEmptySubsequences: false)
        let foreign = Set(bare.filter { !isAllowed($0) }).sorted()
        if !foreign.isEmpty { found.append(.nameCharacters(foreign)) }
        if levels.contains(where: \.isEmpty) || (levels.count > 1 && !name.hasPrefix("/")) {
            found.append(.nameShape)
        }
        let first = (levels.first ?? "").lowercased()
        for reserved in ["aws", "ssm"] where first.hasPrefix(reserved) { found.append(.nameReserved(reserved)) }
        if levels.count > mostLevels { found.append(.nameDepth(levels.count)) }
        let length = arnPrefix.count + bare.count
        if length > longestARN { found.append(.nameLength(length)) }
        return found
    }

    private static func isAllowed(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || "._-/".contains(character))
    }
}
