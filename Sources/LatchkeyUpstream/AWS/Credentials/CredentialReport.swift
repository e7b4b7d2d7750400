package import LatchkeyCore

/// What one walk along the chain of credentials came to: which source answered, and why the others did not. Holds no
/// secret; the access key's id is none.
package struct CredentialReport: Hashable, Sendable {
    package enum Verdict: Hashable, Sendable {
        /// It answered. The expiry is by our own clock, where the credentials have one.
        case answered(accessKeyID: String, expiration: WallTime?)
        /// It has none, and why.
        case absent(String)
        /// It should have some and has not, and why: the walk ended here.
        case failed(String)
        /// An earlier source had ended the walk.
        case notAsked
    }

    package struct Entry: Hashable, Sendable {
        package let source: CredentialSource
        package let verdict: Verdict
    }

    /// One for every source, in the chain's order.
    package private(set) var entries: [Entry] = []

    /// The source in force; nil where none has answered.
    package var answered: CredentialSource? {
        entries.first { if case .answered = $0.verdict { true } else { false } }?.source
    }

    /// `environment: AWS_ACCESS_KEY_ID is not set; …`: every source that was asked in vain.
    package var inVain: String {
        let reasons = entries.compactMap { entry -> String? in
            switch entry.verdict {
            case .absent(let why), .failed(let why): "\(entry.source.rawValue): \(why)"
            case .answered, .notAsked: nil
            }
        }
        return reasons.joined(separator: "; ")
    }

    mutating func add(_ source: CredentialSource, _ verdict: Verdict) {
        entries.append(Entry(source: source, verdict: verdict))
    }
}
