internal import LatchkeyCore

/// Where the next page of a listing begins: after the last key of this one. Opaque to callers.
package enum PageToken {
    private static let mark = "1:"

    package static func encode(after key: String) -> String { Base64.encodeURL("\(mark)\(key)".utf8) }

    /// The key, or nil for a token that was not made here.
    package static func decode(_ token: String) -> String? {
        guard let bytes = Base64.decodeURL(token), let text = String(validating: bytes, as: UTF8.self),
            text.hasPrefix(mark)
        else { return nil }
        return String(text.dropFirst(mark.count))
    }

    /// The keys of one page out of sorted `keys`, and the token for the next if there is one.
    package static func page(_ keys: [String], after start: String?, size: Int) -> (
        keys: ArraySlice<String>, next: String?
    ) {
        let rest = start.map { start in keys.drop { $0 <= start } } ?? keys[...]
        let page = rest.prefix(size)
        guard page.count < rest.count, let last = page.last else { return (page, nil) }
        return (page, encode(after: last))
    }
}
