/// One setting of a section, as the file has it.
package struct SharedConfigProperty: Hashable, Sendable {
    /// A setting within a nested block.
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
        /// A value on one line or more, joined by line feeds.
        /// - Parameters:
        ///   - plain: without the comment that white space and `#` or `;` begin on the first line.
        ///   - whole: with it, as botocore reads every value.
        case text(plain: String, whole: String)
        /// Nothing behind the equals sign, and settings on deeper lines.
        case block([Nested])
    }

    /// Where the setting begins, counted from 1.
    package let line: Int
    package let value: Value
}
