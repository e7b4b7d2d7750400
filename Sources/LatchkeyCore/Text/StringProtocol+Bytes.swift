internal import Glibc

// Also for code that is not specialized for `String`, which the generic functions below are twenty times slower in.
extension String {
    /// Whether both strings have the same bytes.
    package func hasSameBytes(as other: String) -> Bool {
        let same = withBytes(of: other) { own, other in
            guard own.count == other.count else { return false }
            guard let left = own.baseAddress, let right = other.baseAddress else { return true }
            return memcmp(left, right, own.count) == 0
        }
        return same ?? utf8.elementsEqual(other.utf8)
    }

    /// Whether this string comes before `other` in the order of the bytes.
    package func precedesInBytes(_ other: String) -> Bool {
        let precedes = withBytes(of: other) { own, other in
            guard let left = own.baseAddress, let right = other.baseAddress else { return own.count < other.count }
            let order = memcmp(left, right, min(own.count, other.count))
            return order < 0 || order == 0 && own.count < other.count
        }
        return precedes ?? utf8.lexicographicallyPrecedes(other.utf8)
    }

    /// The result of `body` for the bytes of both strings; nil if one of them is not stored contiguously.
    private func withBytes(
        of other: String, _ body: (UnsafeBufferPointer<UInt8>, UnsafeBufferPointer<UInt8>) -> Bool
    ) -> Bool? {
        let result = utf8.withContiguousStorageIfAvailable { own in
            other.utf8.withContiguousStorageIfAvailable { body(own, $0) }
        }
        return result ?? nil
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
