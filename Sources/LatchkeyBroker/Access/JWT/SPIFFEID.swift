internal import LatchkeyCore

/// Names of workloads, `spiffe://<trust domain>/<path>` (SPIFFE-ID §2).
enum SPIFFEID {
    /// The trust domain of an id; nil for another text, and for an id without a path.
    static func trustDomain(_ text: String) -> ExactText? {
        let scheme = "spiffe://"
        guard text.utf8.starts(with: scheme.utf8) else { return nil }
        let rest = text.utf8.dropFirst(scheme.utf8.count)
        guard let end = rest.firstIndex(of: UInt8(ascii: "/")), end > rest.startIndex,
            rest.index(after: end) < rest.endIndex
        else { return nil }
        return ExactText(String(decoding: rest[..<end], as: UTF8.self))
    }
}
