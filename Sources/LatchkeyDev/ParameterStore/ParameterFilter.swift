internal import LatchkeyAWS
internal import LatchkeyCore

/// An entry of `ParameterFilters` (DescribeParameters, GetParametersByPath).
struct ParameterFilter {
    enum Key: String, CaseIterable {
        case name = "Name"
        case path = "Path"
        case type = "Type"
        case keyID = "KeyId"
        case tier = "Tier"
        case label = "Label"
    }

    private enum Option: String {
        case equals = "Equals"
        case beginsWith = "BeginsWith"
        case contains = "Contains"
        case oneLevel = "OneLevel"
        case recursive = "Recursive"
    }

    private let key: Key
    private let option: Option
    private let values: [String]

    /// The filters of a request. Throws AWS's error for an unknown key or option, and for missing values.
    static func read(_ input: AWSInput, allowed: [Key]) throws(AWSProtocolError) -> [ParameterFilter] {
        try input.structures("ParameterFilters").map { filter throws(AWSProtocolError) in
            let name = filter["Key"]?.string ?? ""
            guard let key = Key(rawValue: name), allowed.contains(key) else {
                throw AWSProtocolError("InvalidFilterKey", "The following filter key is not valid: \(name).")
            }
            let optionName = filter["Option"]?.string ?? (key == .path ? "OneLevel" : "Equals")
            guard let option = Option(rawValue: optionName) else {
                throw AWSProtocolError(
                    "InvalidFilterOption", "The following filter option is not valid: \(optionName).")
            }
            let values = filter["Values"]?.array?.compactMap(\.string) ?? []
            guard !values.isEmpty else {
                throw AWSProtocolError(
                    "InvalidFilterValue", "The following filter values are missing : null for filter key \(name)")
            }
            return ParameterFilter(key: key, option: option, values: values)
        }
    }

    func matches(_ parameter: StoredParameter) -> Bool {
        switch key {
        case .name: values.contains { matches(parameter.name, $0) }
        case .path: values.contains { Self.isBelow(parameter.name, $0, recursively: option == .recursive) }
        case .type: values.contains { matches(parameter.type.rawValue, $0) }
        case .keyID: values.contains { matches(parameter.keyID ?? "", $0) }
        case .tier: values.contains(parameter.latest.tier.rawValue)
        case .label: parameter.latest.labels.contains { values.contains($0) }
        }
    }

    private func matches(_ text: String, _ value: String) -> Bool {
        switch option {
        case .equals: text == value
        case .beginsWith: text.hasPrefix(value)
        case .contains: text.contains(value)
        case .oneLevel, .recursive: false
        }
    }

    /// Whether a parameter is below `path`: directly, or on any level.
    static func isBelow(_ name: String, _ path: String, recursively: Bool) -> Bool {
        let below = path.hasSuffix("/") ? path : path + "/"
        guard name.hasPrefix(below) else { return false }
        return recursively || !name.dropFirst(below.count).contains("/")
    }
}
