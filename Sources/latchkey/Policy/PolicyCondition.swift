internal import LatchkeyCore

/// One condition of a statement: `{operator: {key: values}}` (IAM User Guide, "IAM JSON policy elements: Condition").
package struct PolicyCondition: Hashable, Sendable {
    package var test: String
    package var key: String
    package var values: [String]

    package init(_ test: String, _ key: String, _ values: [String]) {
        self.test = test
        self.key = key
        self.values = values
    }
}
