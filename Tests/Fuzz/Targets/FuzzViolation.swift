/// An input broke a rule of a fuzz target.
package struct FuzzViolation: Error, CustomStringConvertible {
    /// The rule, in one sentence.
    package let description: String
}

/// Throws a ``FuzzViolation`` with the rule unless it holds.
func require(_ holds: Bool, _ rule: String) throws(FuzzViolation) {
    guard holds else { throw FuzzViolation(description: rule) }
}
