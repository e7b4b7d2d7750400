package import LatchkeyCore
package import LatchkeyMetrics

// What ``ProfileState`` answers.
extension ProfileState {
    /// What a hit finds.
    package enum Hit: Sendable {
        case miss
        case fresh(TokenEntry)
        /// Valid, inside its buffer. The fault is why there is no newer one, where getting it failed.
        case stale(TokenEntry, UpstreamFault?)
        /// As ``stale(_:_:)``, and the finder is to start a refresh in the background.
        case due(TokenEntry)
        /// Valid, refused by a resource server, and there is no other yet. The fault is why.
        case rejected(TokenEntry, UpstreamFault?)
    }

    /// What a caller who found no hit, or does not want one, is to do.
    package enum Decision: Sendable {
        case serve(TokenEntry, UpstreamFault?)
        case refuse(UpstreamFault)
        case fly(RefreshReason, FlightTerms = FlightTerms())
    }

    /// How a caller takes part in a flight.
    package struct FlightTerms: Sendable {
        /// A flight that is under way is not joined: the caller asked for work that begins now.
        package var isNew = false
        /// What the caller is told beside the token, where the flight began before it asked.
        package var fault: UpstreamFault?
        /// The caller waits no longer, because it can be served without the flight.
        package var until: MonotonicTime?

        package init() {}
    }

    /// What ``reject(_:by:_:flight:)`` found.
    package enum RejectionEffect: Hashable, Sendable {
        /// Not the token in memory: nothing changes.
        case none
        /// The token in memory, as was said before, or another is on its way.
        case known
        /// The token in memory: a flight for its successor is to be started.
        case look
    }
}
