internal import LatchkeyCore

/// Which backend is in force where a parameter names it (backend `auto`), by what each look at the parameter gave. Pure.
///
/// Once a word was followed, only another valid word changes the backend: a parameter that is gone, that holds an unknown
/// word or that cannot be read is no instruction.
package struct BackendWord: Sendable {
    /// What one look gave.
    package enum Look: Hashable, Sendable {
        case word(String)
        case absent
        case unread(UpstreamFault)
    }

    /// Why the parameter is not followed now.
    package enum Failure: Hashable, Sendable {
        /// It was followed, and is gone.
        case gone
        /// It holds no backend's name.
        case unknownWord
        case unread(UpstreamFault)

        /// One word for `/health` and the log.
        package var code: String {
            switch self {
            case .gone: FaultCode.absent.rawValue
            case .unknownWord: FaultCode.unknownBackend.rawValue
            case .unread(let fault): fault.summary
            }
        }

        /// What is wrong and how to mend it; lower case.
        package var description: String {
            let words = SecretBackend.allCases.map(\.rawValue).joined(separator: ", ")
            return switch self {
            case .gone: "the parameter is gone: write one of \(words) into it"
            case .unknownWord: "the parameter holds an unknown backend: write one of \(words) into it"
            case .unread: "the parameter cannot be read: check the permission ssm:GetParameter and Parameter Store"
            }
        }
    }

    /// What a look came to.
    package enum Event: Hashable, Sendable {
        case nothing
        /// Another backend is to be in force.
        case follow(SecretBackend)
        /// The parameter cannot be followed, or cannot be for another reason than before.
        case failing(Failure)
        /// It is followed again, and says what is in force.
        case recovered
    }

    /// The longest text that is read, in bytes: no backend's name is a quarter of it, white space around it included.
    private static let longest = 256

    /// In force while nobody has ever written the parameter: the old store is the one that has everything.
    package static let standard = SecretBackend.secretsManager

    /// The backend in force; nil until the parameter was read.
    package private(set) var backend: SecretBackend?
    /// Why the parameter is not followed now; nil while it is.
    package private(set) var failure: Failure?
    private var hasFollowed = false

    package init() {}

    /// Takes in one look.
    package mutating func take(_ look: Look) -> Event {
        switch look {
        case .word(let text):
            guard text.utf8.count <= Self.longest, let word = SecretBackend(rawValue: Self.trimmed(text)) else {
                return fail(.unknownWord)
            }
            hasFollowed = true
            return follow(word)
        case .absent: return hasFollowed ? fail(.gone) : follow(Self.standard)
        case .unread(let fault): return fail(.unread(fault))
        }
    }

    private mutating func follow(_ word: SecretBackend) -> Event {
        let hasFailed = failure != nil
        failure = nil
        guard word != backend else { return hasFailed ? .recovered : .nothing }
        backend = word
        return .follow(word)
    }

    private mutating func fail(_ failure: Failure) -> Event {
        let isKnown = self.failure?.code == failure.code
        self.failure = failure
        return isKnown ? .nothing : .failing(failure)
    }

    /// Without the white space that editors and shells leave around a value.
    private static func trimmed(_ text: String) -> String {
        let isBlank = { (character: Character) in character.isWhitespace }
        return String(text.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
    }
}
