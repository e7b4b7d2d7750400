internal import Glibc

extension String {
    /// Whether both strings have the same bytes. Also for code that is not specialized for `String`, which the generic
    /// function below is twenty times slower in.
    package func hasSameBytes(as other: String) -> Bool {
        let same = utf8.withContiguousStorageIfAvailable { own in
            other.utf8.withContiguousStorageIfAvailable { other in
                guard own.count == other.count else { return false }
                guard let left = own.baseAddress, let right = other.baseAddress else { return true }
                return memcmp(left, right, own.count) == 0
            }
        }
        return (same ?? nil) ?? utf8.elementsEqual(other.utf8)
    }
}

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
