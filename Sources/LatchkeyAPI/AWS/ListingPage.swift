internal import LatchkeyAWS
internal import LatchkeyCore

/// One page of a listing that keeps the store's own order. A page's token says how far it went and which name it ended
/// with, so that a walk goes on in the right place although the listing is read anew on the way.
package struct ListingPage: Hashable, Sendable {
    /// Places in the listing.
    package let range: Range<Int>
    /// Opaque; nil on the last page.
    package let next: String?

    /// Where the page before ended.
    package struct Mark: Hashable, Sendable {
        fileprivate let count: Int
        fileprivate let name: String

        /// Nil for a token that was not made here.
        package init?(token: String) {
            guard let text = PageToken.decode(token), let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")),
                let count = Int(text[..<colon]), count > 0
            else { return nil }
            self.count = count
            name = String(Substring(text.utf8[colon...].dropFirst()))
        }
    }

    /// - Parameters:
    ///   - names: of the whole listing.
    ///   - size: most on a page, at least 1.
    package init(of names: [String], after mark: Mark?, size: Int) {
        let start = mark.map { Self.start(names, $0) } ?? 0
        let end = min(names.count, start + size)
        range = start..<end
        next = end < names.count ? PageToken.encode(after: "\(end):\(names[end - 1])") : nil
    }

    /// Behind the name, wherever it is now; where it is gone, at the place it had.
    private static func start(_ names: [String], _ mark: Mark) -> Int {
        // A token may be made up: names are compared as bytes.
        if mark.count <= names.count, names[mark.count - 1].hasSameBytes(as: mark.name) { return mark.count }
        let place = names.firstIndex { $0.hasSameBytes(as: mark.name) }
        return place.map { $0 + 1 } ?? min(mark.count - 1, names.count)
    }
}
