package import LatchkeyCore

/// The token profiles that a caller may have.
package enum ProfileGrant: Hashable, Sendable {
    case all
    case named(Set<ExactText>)

    package func contains(_ name: String) -> Bool {
        switch self {
        case .all: true
        case .named(let names): names.contains(ExactText(name))
        }
    }

    /// The profiles of these names.
    package init(_ names: [String]) { self = .named(Set(names.map { ExactText($0) })) }

    /// The profile of `GET /token`.
    package static let defaultName = "default"
}
