package import LatchkeyCore

/// The outcome of one search for credentials: which source answered, and why the others did not. Holds no secret; the
/// access key id is not secret.
package struct CredentialReport: Hashable, Sendable {
    package enum Verdict: Hashable, Sendable {
        /// The source has credentials. Their expiration is converted to the local clock; nil if they have none.
        case answered(accessKeyID: String, expiration: WallTime?)
        /// The source is not configured, and why.
        case absent(String)
        /// The source is configured and failed, and why. The search ended here.
        case failed(String)
        /// The search had ended before.
        case notAsked
    }

    package struct Entry: Hashable, Sendable {
        package let source: CredentialSource
        package let verdict: Verdict
    }

    /// One for each source, in the order of the chain.
    package private(set) var entries: [Entry] = []

    /// The source that answered; nil if none did.
    package var answered: CredentialSource? {
        entries.first { if case .answered = $0.verdict { true } else { false } }?.source
    }

    /// Why each source that was asked has no credentials: `environment: AWS_ACCESS_KEY_ID is not set; …`.
    package var failureSummary: String {
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
