internal import LatchkeyAWS
internal import LatchkeyCore

/// The name in a PutParameter request, checked against the rules for names (``ParameterNameRules``).
struct NewParameterName: Hashable {
    let text: String

    /// Throws PutParameter's error for a name that is not allowed.
    init(_ text: String, at location: AWSLocation) throws(AWSProtocolError) {
        guard (1...2048).contains(text.count) else {
            throw .constraint("name", value: text, "have length between 1 and 2048")
        }
        let levels = text.split(separator: "/", omittingEmptySubsequences: false)
        try Self.checkReserved(text, firstLevel: levels.first { !$0.isEmpty } ?? "")
        guard text.hasPrefix("/") || levels.count == 1 else {
            throw .validation("Parameter name must be a fully qualified name.")
        }
        let named = text.hasPrefix("/") ? levels.dropFirst() : levels[...]
        guard named.allSatisfy({ !$0.isEmpty && ParameterNameRules.allows($0.utf8) }) else { throw Self.badCharacters }
        let (maxLevels, maxARNLength) = (ParameterNameRules.maxLevels, ParameterNameRules.maxARNLength)
        guard named.count <= maxLevels else {
            throw AWSProtocolError(
                "HierarchyLevelLimitExceededException",
                "A hierarchy can have a maximum of \(maxLevels) levels. For more information, see Requirements and "
                    + "constraints for parameter names in the AWS Systems Manager User Guide.")
        }
        guard location.parameterARN(text).count <= maxARNLength else {
            throw .validation(
                "Parameter name: the maximum length is \(maxARNLength) characters, those of the ARN that precede the "
                    + "name included.")
        }
        self.text = text
    }

    private static func checkReserved(_ text: String, firstLevel: Substring) throws(AWSProtocolError) {
        guard let reserved = ParameterNameRules.reservedPrefix(ofFirstLevel: firstLevel) else { return }
        if reserved == "aws", text.hasPrefix("/") {
            throw AWSProtocolError("AccessDeniedException", "No access to reserved parameter name: \(text).")
        }
        throw badCharacters
    }

    private static let badCharacters = AWSProtocolError.validation(
        "Parameter name: can't be prefixed with \"aws\" or \"ssm\" (case-insensitive). If formed as a path, it can consist "
            + "of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the "
            + "following 3 symbols .-_")
}
