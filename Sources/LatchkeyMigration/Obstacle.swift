package import LatchkeyCore

/// Something that stands in the way of moving one secret, or that is lost by it.
package enum Obstacle: Hashable, Sendable {
    // The secret
    case notFound
    case noValue
    case pendingDeletion(WallTime)
    case ownedByService(String)
    case rotation
    case replicas([String])
    case replica(of: String)
    case resourcePolicy
    case keyOfItsOwn(String)
    // The parameter's name
    case nameCharacters([Character])
    case nameShape
    case nameReserved(String)
    case nameDepth(Int)
    case nameLength(Int)
    case sameTarget(String)
    // The value
    case binary
    case reference
    case notText
    case overStandard(bytes: Int)
    case needsAdvanced(bytes: Int)
    case overAdvanced(bytes: Int)
    // What is already there
    case otherType(ParameterKind)
    case otherValue(version: Int64)
    case keptAsItIs(key: String?, tier: ParameterTier?)
    // What is carried
    case descriptionCut(characters: Int)
    case reservedTags(Int)
    // The caller
    case denied(action: String)
    /// The call got no answer.
    case unread(action: String)

    /// How much it is in the way.
    package enum Weight: String, Sendable {
        /// The secret is not moved.
        case blocks
        /// Moved only when that is confirmed.
        case asks
        /// Moved; to be known before.
        case warns
    }

    /// Descriptions of parameters have at most so many characters (PutParameter, `Description`).
    package static let longestDescription = 1024

    /// Actions without which the move still goes on; what they would tell stays unknown.
    package static let dispensableActions: Set<String> = [
        "secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy", "ssm:DescribeParameters",
    ]

    package var weight: Weight {
        switch self {
        case .notFound, .noValue, .pendingDeletion, .ownedByService, .nameCharacters, .nameShape, .nameReserved,
            .nameDepth, .nameLength, .sameTarget, .binary, .reference, .notText, .overStandard, .overAdvanced,
            .otherType:
            .blocks
        case .otherValue: .asks
        case .denied(let action), .unread(let action):
            Self.dispensableActions.contains(action) ? .warns : .blocks
        case .rotation, .replicas, .replica, .resourcePolicy, .keyOfItsOwn, .needsAdvanced, .keptAsItIs,
            .descriptionCut,
            .reservedTags:
            .warns
        }
    }

    /// Whether it is a permission that is missing, so that nothing is known of the secret itself.
    package var isDenial: Bool {
        if case .denied = self { weight == .blocks } else { false }
    }

    /// Whether a read that got no answer is in the way, so that nothing is known of the secret itself.
    package var isUnread: Bool {
        if case .unread = self { weight == .blocks } else { false }
    }

    /// One word for programs.
    package var code: String {
        switch self {
        case .notFound: "not_found"
        case .noValue: "no_value"
        case .pendingDeletion: "pending_deletion"
        case .ownedByService: "owned_by_service"
        case .rotation: "rotation"
        case .replicas: "replicas"
        case .replica: "replica"
        case .resourcePolicy: "resource_policy"
        case .keyOfItsOwn: "kms_key"
        case .nameCharacters: "name_characters"
        case .nameShape: "name_shape"
        case .nameReserved: "name_reserved"
        case .nameDepth: "name_depth"
        case .nameLength: "name_length"
        case .sameTarget: "same_target"
        case .binary: "binary"
        case .reference: "reference"
        case .notText: "not_text"
        case .overStandard: "over_standard"
        case .needsAdvanced: "needs_advanced"
        case .overAdvanced: "over_advanced"
        case .otherType: "other_type"
        case .otherValue: "other_value"
        case .keptAsItIs: "kept_as_it_is"
        case .descriptionCut: "description_cut"
        case .reservedTags: "reserved_tags"
        case .denied: "permission"
        case .unread: "unread"
        }
    }
}
