internal import LatchkeyCore

/// The backend that the parameter `<prefix>/latchkey/backend` names, if the setting is `auto`. Pure.
///
/// Once a name was followed, only another valid name changes the backend. A parameter that is missing, that holds an
/// unknown name or that cannot be read changes nothing.
package struct FollowedBackend: Sendable {
    /// The result of one read of the parameter.
    package enum Look: Hashable, Sendable {
        case name(String)
        case absent
        case unread(UpstreamFault)
    }

    /// Why the parameter is not followed now.
    package enum Failure: Hashable, Sendable {
        /// It was followed, and does not exist any more.
        case gone
        /// It does not hold the name of a backend.
        case unknownName
        case unread(UpstreamFault)

        /// A short code for `/health` and the log.
        package var code: String {
            switch self {
            case .gone: FaultCode.absent.rawValue
            case .unknownName: FaultCode.unknownBackend.rawValue
            case .unread(let fault): fault.summary
            }
        }

        /// What is wrong and how to fix it, in lower case.
        package var description: String {
            let names = SecretBackend.allCases.map(\.rawValue).joined(separator: ", ")
            return switch self {
            case .gone: "the parameter is gone: write one of \(names) into it"
            case .unknownName: "the parameter holds an unknown backend: write one of \(names) into it"
            case .unread: "the parameter cannot be read: check the permission ssm:GetParameter and Parameter Store"
            }
        }
    }

    /// What a read has changed.
    package enum Event: Hashable, Sendable {
        case nothing
        /// This backend has to be put in force.
        case follow(SecretBackend)
        /// The parameter cannot be followed, for the first time or for another reason than before.
        case failing(Failure)
        /// The parameter is followed again and names the current backend.
        case recovered
    }

    /// The maximum length of a text that is parsed, in bytes: more than any name with white space around it.
    private static let maxTextBytes = 256

    /// The backend if the parameter never existed: the old store, which has everything.
    private static let defaultBackend = SecretBackend.secretsManager

    /// The backend in force; nil until the parameter was read.
    package private(set) var backend: SecretBackend?
    /// Why the parameter is not followed now; nil if it is.
    package private(set) var failure: Failure?
    private var hasFollowed = false

    package init() {}

    /// Applies one read.
    package mutating func take(_ look: Look) -> Event {
        switch look {
        case .name(let text):
            guard text.utf8.count <= Self.maxTextBytes, let backend = SecretBackend(rawValue: Self.trimmed(text)) else {
                return fail(.unknownName)
            }
            hasFollowed = true
            return follow(backend)
        case .absent: return hasFollowed ? fail(.gone) : follow(Self.defaultBackend)
        case .unread(let fault): return fail(.unread(fault))
        }
    }

    private mutating func follow(_ backend: SecretBackend) -> Event {
        let hasFailed = failure != nil
        failure = nil
        guard backend != self.backend else { return hasFailed ? .recovered : .nothing }
        self.backend = backend
        return .follow(backend)
    }

    private mutating func fail(_ failure: Failure) -> Event {
        let isKnown = self.failure?.code == failure.code
        self.failure = failure
        return isKnown ? .nothing : .failing(failure)
    }

    /// Removes the white space that editors and shells leave around a value.
    private static func trimmed(_ text: String) -> String {
        let isBlank = { (character: Character) in character.isWhitespace }
        return String(text.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
    }
}
