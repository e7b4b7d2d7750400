/// A setting of a section.
package struct SharedConfigProperty: Hashable, Sendable {
    /// A setting in a nested block.
    package struct Nested: Hashable, Sendable {
        /// As written: botocore compares these names with case.
        package let name: String
        package let value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package enum Value: Hashable, Sendable {
        /// A value of one or more lines, joined by line feeds.
        /// - Parameters:
        ///   - plain: without the comment that begins with white space and `#` or `;` on the first line.
        ///   - whole: with the comment, as botocore reads every value.
        case text(plain: String, whole: String)
        /// Settings on deeper lines below an empty value.
        case block([Nested])
    }

    /// The first line of the setting, counted from 1.
    package let line: Int
    package let value: Value
}
