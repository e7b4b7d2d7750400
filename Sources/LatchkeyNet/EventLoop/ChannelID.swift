/// Identifies a registration on one loop. The generation distinguishes it from earlier registrations in the same slot.
package struct ChannelID: Hashable, Sendable {
    let slot: UInt32
    let generation: UInt32

    init(slot: UInt32, generation: UInt32) {
        self.slot = slot
        self.generation = generation
    }

    /// - Parameter token: the number that epoll stores with the descriptor.
    init(token: UInt64) {
        self.init(slot: UInt32(truncatingIfNeeded: token), generation: UInt32(token >> 32))
    }

    var token: UInt64 { UInt64(generation) << 32 | UInt64(slot) }
}
