internal import LatchkeyAWS

/// A parameter's name as PutParameter takes it (Systems Manager API, PutParameter, `Name`).
struct ParameterName: Hashable {
    let text: String

    /// Levels of a hierarchy, `/a/b` having two.
    static let mostLevels = 15
    /// Characters of the ARN, name included.
    static let longestARN = 1011

    /// Throws the error PutParameter gives for a name that cannot be created.
    init(creating text: String, at place: AWSPlace) throws(AWSFault) {
        guard (1...2048).contains(text.count) else {
            throw .constraint("name", value: text, "have length between 1 and 2048")
        }
        let levels = text.split(separator: "/", omittingEmptySubsequences: false)
        try Self.checkReserved(text, firstLevel: levels.first { !$0.isEmpty } ?? "")
        guard text.hasPrefix("/") || levels.count == 1 else {
            throw .validation("Parameter name must be a fully qualified name.")
        }
        let named = text.hasPrefix("/") ? levels.dropFirst() : levels[...]
        guard named.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(Self.isAllowed) }) else { throw Self.badCharacters }
        guard named.count <= Self.mostLevels else {
            throw AWSFault(
                "HierarchyLevelLimitExceededException",
                "A hierarchy can have a maximum of \(Self.mostLevels) levels. For more information, see Requirements and "
                    + "constraints for parameter names in the AWS Systems Manager User Guide.")
        }
        guard place.parameterARN(text).count <= Self.longestARN else {
            throw .validation(
                "Parameter name: the maximum length is \(Self.longestARN) characters, those of the ARN that precede the "
                    + "name included.")
        }
        self.text = text
    }

    /// `aws` and `ssm` begin names of AWS's own, in any case of letters.
    private static func checkReserved(_ text: String, firstLevel: Substring) throws(AWSFault) {
        let lowered = firstLevel.lowercased()
        guard lowered.hasPrefix("aws") || lowered.hasPrefix("ssm") else { return }
        if lowered.hasPrefix("aws"), text.hasPrefix("/") {
            throw AWSFault("AccessDeniedException", "No access to reserved parameter name: \(text).")
        }
        throw badCharacters
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"): true
        default: false
        }
    }

    private static let badCharacters = AWSFault.validation(
        "Parameter name: can't be prefixed with \"aws\" or \"ssm\" (case-insensitive). If formed as a path, it can consist "
            + "of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the "
            + "following 3 symbols .-_")

    /// The error GetParametersByPath gives for a path that cannot have parameters below it.
    static let badPath = AWSFault.validation(
        "The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward slash "
            + "\"/\". It can't be prefixed with \"aws\" or \"ssm\" (case-insensitive). It must use only letters, numbers, "
            + "or the following symbols: . (period), - (hyphen), _ (underscore). Special characters are not allowed. All "
            + "sub-paths, if specified, must use the forward slash symbol \"/\". Valid example: "
            + "/get/parameters2-/by1./path0_.")
}

/// What a reader asks for: a name, or an ARN, and perhaps `:version` or `:label` behind it.
struct ParameterReference {
    enum Selector: Hashable {
        case version(Int64)
        case label(String)

        /// As an answer's `Selector` member repeats it.
        var text: String {
            switch self {
            case .version(let number): ":\(number)"
            case .label(let label): ":\(label)"
            }
        }
    }

    /// Names it may mean: an ARN does not tell `a/b` from `/a/b`.
    let names: [String]
    let selector: Selector?

    init(_ text: String) {
        var rest = Substring(text)
        var isARN = false
        let pieces = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        if pieces.count == 6, pieces[0] == "arn", pieces[2] == "ssm", pieces[5].hasPrefix("parameter/") {
            rest = pieces[5].dropFirst("parameter/".count)
            isARN = true
        }
        let halves = rest.split(separator: ":", maxSplits: 1)
        let name = halves.first.map(String.init) ?? ""
        names = isARN ? ["/" + name, name] : [name]
        selector = halves.count > 1 ? Int64(halves[1]).map { .version($0) } ?? .label(String(halves[1])) : nil
    }
}
