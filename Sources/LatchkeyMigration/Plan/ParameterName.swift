internal import LatchkeyCore

/// Maps names of secrets to names of parameters, and checks these against ``ParameterNameRules``.
package enum ParameterName {
    /// The parameter that a secret goes to unless a map file says otherwise: `a/b` becomes `/a/b`.
    package static func defaultName(for secret: String) -> String { secret.hasPrefix("/") ? secret : "/" + secret }

    /// Whether Parameter Store accepts the name.
    package static func isUsable(_ name: String, arnPrefix: String) -> Bool {
        obstacles(name, arnPrefix: arnPrefix).isEmpty
    }

    /// Every rule that the name breaks; empty for a name that Parameter Store accepts.
    static func obstacles(_ name: String, arnPrefix: String) -> [Obstacle] {
        var found: [Obstacle] = []
        let bare = name.hasPrefix("/") ? name.dropFirst() : name[...]
        let levels = bare.split(separator: "/", omittingEmptySubsequences: false)
        let foreign = Set(bare.filter { $0 != "/" && !ParameterNameRules.allows($0.utf8) }).sorted()
        if !foreign.isEmpty { found.append(.nameCharacters(foreign)) }
        if levels.contains(where: \.isEmpty) || (levels.count > 1 && !name.hasPrefix("/")) {
            found.append(.nameShape)
        }
        if let reserved = ParameterNameRules.reservedPrefix(ofFirstLevel: levels.first ?? "") {
            found.append(.nameReserved(reserved))
        }
        if levels.count > ParameterNameRules.maxLevels { found.append(.nameDepth(levels.count)) }
        let length = arnPrefix.count + bare.count
        if length > ParameterNameRules.maxARNLength { found.append(.nameLength(length)) }
        return found
    }
}
