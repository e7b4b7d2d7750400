/// Comparisons by UTF-8 bytes. ``ExactText`` says why `==` and `<` of strings are not used for names from outside.
extension StringProtocol {
    /// Whether both strings have the same bytes.
    package func hasSameBytes(as other: some StringProtocol) -> Bool { utf8.elementsEqual(other.utf8) }

    /// Whether both strings have the same bytes if the case of ASCII letters is ignored.
    package func hasSameBytesInAnyCase(as other: some StringProtocol) -> Bool {
        utf8.lazy.map(ASCII.lowercased).elementsEqual(other.utf8.lazy.map(ASCII.lowercased))
    }

    /// Whether this string comes before `other` in the order of the bytes.
    package func precedesInBytes(_ other: some StringProtocol) -> Bool {
        utf8.lexicographicallyPrecedes(other.utf8)
    }
}
