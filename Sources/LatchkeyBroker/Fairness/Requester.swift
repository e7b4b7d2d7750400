/// The caller on whose behalf work is done, so that one caller cannot use up what others need.
///
/// Where one is optional, nil is Latchkey itself, which has no share: its work is bounded by the settings.
package struct Requester: Hashable, Sendable {
    /// The id of the caller.
    package let id: String
    /// Whether there is no other caller. Then nothing is kept for others.
    package let isAlone: Bool

    package init(id: String, isAlone: Bool = false) {
        self.id = id
        self.isAlone = isAlone
    }
}

extension Requester {
    /// The refreshes of cached secrets in the background, which take turns with callers. An id has no space.
    static let refreshAhead = Requester(id: "refresh ahead")
}
