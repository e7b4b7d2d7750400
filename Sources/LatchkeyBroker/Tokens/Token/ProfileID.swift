/// Identifies one definition of a profile. A profile that is redefined gets a new id.
package struct ProfileID: Hashable, Sendable {
    /// The slot of the profile; 0 is the default profile.
    package let index: Int
    /// How often the slot has been given to another definition.
    package let epoch: UInt64

    package init(_ index: Int, epoch: UInt64 = 0) {
        self.index = index
        self.epoch = epoch
    }
}
