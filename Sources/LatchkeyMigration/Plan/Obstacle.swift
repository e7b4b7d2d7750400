package import LatchkeyCore

/// Something that blocks the move of one secret, or that the move loses.
package enum Obstacle: Hashable, Sendable {
    // MARK: The secret
    case notFound
    case noValue
    case pendingDeletion(WallTime)
    case ownedByService(String)
    case rotation
    case replicas([String])
    case replica(of: String)
    case resourcePolicy
    case keyOfItsOwn(String)
    // MARK: The name of the parameter
    case nameCharacters([Character])
    case nameShape
    case nameReserved(String)
    case nameDepth(Int)
    case nameLength(Int)
    case sameTarget(String)
    // MARK: The value
    case binary
    case reference
    case notText
    case overStandard(bytes: Int)
    case needsAdvanced(bytes: Int)
    case overAdvanced(bytes: Int)
    // MARK: The existing parameter
    case otherType(ParameterKind)
    case otherValue(version: Int64)
    /// The value is equal, and the KMS key or the tier is another than the options ask for.
    case keptAsItIs(key: String?, tier: ParameterTier?)
    // MARK: What is copied along
    case descriptionCut(characters: Int)
    case reservedTags(Int)
    // MARK: The reads
    /// AWS refused an IAM action.
    case denied(action: String)
    /// A call of this IAM action got no answer.
    case unread(action: String)

    /// What the obstacle means for the move.
    package enum Severity: String, Sendable {
        /// The secret is not moved.
        case blocks
        /// The secret is moved only after confirmation.
        case asks
        /// The secret is moved; the operator should know.
        case warns
    }

    /// The most characters in a parameter's description (PutParameter, `Description`).
    package static let maxDescription = 1024

    /// The IAM actions that a move can do without. If one is refused, what it would report stays unknown.
    package static let optionalActions: Set<String> = [
        "secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy", "ssm:DescribeParameters",
    ]

    package var severity: Severity {
        switch self {
        case .notFound, .noValue, .pendingDeletion, .ownedByService, .nameCharacters, .nameShape, .nameReserved,
            .nameDepth, .nameLength, .sameTarget, .binary, .reference, .notText, .overStandard, .overAdvanced,
            .otherType:
            .blocks
        case .otherValue: .asks
        case .denied(let action), .unread(let action):
            Self.optionalActions.contains(action) ? .warns : .blocks
        case .rotation, .replicas, .replica, .resourcePolicy, .keyOfItsOwn, .needsAdvanced, .keptAsItIs,
            .descriptionCut, .reservedTags:
            .warns
        }
    }

    /// Whether a missing permission blocks the move.
    package var isDenial: Bool {
        if case .denied = self { severity == .blocks } else { false }
    }

    /// Whether a read without an answer blocks the move.
    package var isUnread: Bool {
        if case .unread = self { severity == .blocks } else { false }
    }

    /// The code in JSON output.
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
