internal import LatchkeyAWS
internal import LatchkeyCore

/// One page of a listing in the store's order.
///
/// The page token holds the position and the name of the last item, because the listing is read again for every page
/// and may have changed since.
package struct ListingPage: Hashable, Sendable {
    /// Positions in the listing.
    package let range: Range<Int>
    /// The opaque token of the next page; nil on the last page.
    package let next: String?

    /// The end of the previous page.
    package struct Mark: Hashable, Sendable {
        fileprivate let count: Int
        fileprivate let name: String

        /// Returns nil for a token that Latchkey did not make.
        package init?(token: String) {
            guard let text = PageToken.decode(token), let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")),
                let count = Int(text[..<colon]), count > 0
            else { return nil }
            self.count = count
            name = String(Substring(text.utf8[colon...].dropFirst()))
        }
    }

    /// - Parameters:
    ///   - names: the whole listing.
    ///   - size: the maximum number of items on a page, at least 1.
    package init(of names: [String], after mark: Mark?, size: Int) {
        let start = mark.map { Self.start(names, $0) } ?? 0
        let end = min(names.count, start + size)
        range = start..<end
        next = end < names.count ? PageToken.encode(after: "\(end):\(names[end - 1])") : nil
    }

    /// The position after the named item. If the item is gone, its old position.
    private static func start(_ names: [String], _ mark: Mark) -> Int {
        // Callers can forge tokens, so the names are compared as bytes.
        if mark.count <= names.count, names[mark.count - 1].hasSameBytes(as: mark.name) { return mark.count }
        let place = names.firstIndex { $0.hasSameBytes(as: mark.name) }
        return place.map { $0 + 1 } ?? min(mark.count - 1, names.count)
    }
}
