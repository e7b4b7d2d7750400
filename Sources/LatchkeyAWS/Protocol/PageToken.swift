internal import LatchkeyCore

/// A `NextToken` of a list operation: the last key of a page, after which the next page begins. Opaque to clients.
package enum PageToken {
    /// Marks the format of the token.
    private static let prefix = "1:"

    package static func encode(after key: String) -> String { Base64.encodeURL("\(prefix)\(key)".utf8) }

    /// The key; nil for a token that ``encode(after:)`` did not make.
    package static func decode(_ token: String) -> String? {
        guard let bytes = Base64.decodeURL(token), let text = String(validating: bytes, as: UTF8.self),
            text.hasPrefix(prefix)
        else { return nil }
        return String(text.dropFirst(prefix.count))
    }

    /// One page of sorted `keys`, and the token of the next page if there is one.
    ///
    /// - Parameter start: the key after which the page begins; nil for the first page.
    package static func page(_ keys: [String], after start: String?, size: Int) -> (
        keys: ArraySlice<String>, next: String?
    ) {
        let following = start.map { start in keys.drop { $0 <= start } } ?? keys[...]
        let page = following.prefix(size)
        guard page.count < following.count, let last = page.last else { return (page, nil) }
        return (page, encode(after: last))
    }
}
