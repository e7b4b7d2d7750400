internal import LatchkeyCore
internal import LatchkeyMetrics

/// The slots of the profiles and the state of each. Pure: ``TokenBroker`` keeps it under its lock.
///
/// A profile keeps its slot as long as it exists. The slot of a removed profile is kept for the return of its name; the
/// one that has been free for longest is reused first. A ``ProfileID`` of an earlier epoch finds nothing.
struct ProfileSlots: Sendable {
    struct Slot: Sendable {
        /// The profile in this slot; nil if it was removed, or if there was none yet.
        var profile: TokenProfile?
        /// The name of the last profile in this slot.
        var name: String?
        var epoch: UInt64 = 0
        /// The first epoch of that name.
        var since: UInt64 = 0
        /// The number of the change that removed the profile.
        var freed = 0
        var state = ProfileState()
    }

    /// The result of replacing the profiles.
    struct Change: Sendable {
        /// The current profiles, in their order.
        var entries: [ProfileNames.Entry] = []
        /// The old ids of profiles that were redefined or removed.
        var ended: [ProfileID] = []
        /// The new ids of these slots and of the slots of new profiles, with the profile's name; nil if the slot is
        /// free.
        var begun: [(id: ProfileID, name: String?)] = []
    }

    private(set) var slots: [Slot]
    private var changes = 0

    /// - Parameter count: the number of slots: twice the maximum number of profiles, if profiles may change.
    init(_ profiles: [TokenProfile], count: Int) {
        slots = profiles.map { Slot(profile: $0, name: $0.name) }
        while slots.count < count { slots.append(Slot()) }
    }

    /// Whether the profile still has this definition.
    func isCurrent(_ id: ProfileID) -> Bool { slots[id.index].epoch == id.epoch }

    /// The profile; nil if it was redefined or removed.
    func profile(_ id: ProfileID) -> TokenProfile? { isCurrent(id) ? slots[id.index].profile : nil }

    /// The current id of the profile that had `id`; nil if it was removed.
    func successor(of id: ProfileID) -> ProfileID? {
        let slot = slots[id.index]
        return slot.profile != nil && id.epoch >= slot.since ? ProfileID(id.index, epoch: slot.epoch) : nil
    }

    /// Accesses the state of a profile; nil if the profile was redefined or removed.
    @discardableResult
    mutating func with<Result>(_ id: ProfileID, _ body: (inout ProfileState) -> Result) -> Result? {
        isCurrent(id) ? body(&slots[id.index].state) : nil
    }

    /// Looks for a token of a profile in memory; a miss if the profile was redefined or removed.
    ///
    /// - Parameter maxRefresh: the maximum duration of a refresh.
    mutating func hit(
        _ id: ProfileID, _ now: Now, minTTL: Duration?, buffer: ExpiryBuffer, maxRefresh: Duration
    ) -> ProfileState.Hit {
        isCurrent(id)
            ? slots[id.index].state.hit(now, minTTL: minTTL, buffer: buffer, maxRefresh: maxRefresh) : .miss
    }

    /// The token of a profile in memory if it is fresh and was not rejected.
    ///
    /// It changes nothing; `mutating` keeps the compiler from copying the state.
    mutating func fresh(_ id: ProfileID, _ now: Now) -> TokenEntry? {
        isCurrent(id) ? slots[id.index].state.fresh(now) : nil
    }

    /// Clears the memory of all profiles.
    mutating func clear() {
        for index in slots.indices { slots[index].state.clear() }
    }

    /// Applies the recovery of a tier to all profiles.
    mutating func recovered(_ tier: Tier, isShared: Bool, _ now: Now) {
        for index in slots.indices { slots[index].state.recovered(tier, isShared: isShared, now) }
    }

    // MARK: Changing the profiles

    /// Replaces the profiles. A profile with the same definition keeps its token and the state of its refreshes; any
    /// other starts empty.
    ///
    /// - Parameter profiles: at most half the number of slots, each name once.
    mutating func replace(with profiles: [TokenProfile], _ now: Now) -> Change {
        changes += 1
        var change = Change()
        let names = Set(profiles.map(\.name))
        for index in slots.indices {
            guard let profile = slots[index].profile, !names.contains(profile.name) else { continue }
            redefine(index, as: nil, &change)
        }
        for profile in profiles {
            guard let index = slot(for: profile.name) else { continue }
            if let old = slots[index].profile, keepsState(from: old, to: profile, slots[index].state, now) {
                slots[index].profile = profile
            } else {
                redefine(index, as: profile, &change)
            }
            change.entries.append(.init(name: profile.name, id: ProfileID(index, epoch: slots[index].epoch)))
        }
        return change
    }

    /// Whether the state is kept: the tokens are for the same purpose.
    ///
    /// If only the way to get them has changed, failures of the old way must not affect the new one. So without a valid
    /// token the state is dropped.
    private func keepsState(from old: TokenProfile, to new: TokenProfile, _ state: ProfileState, _ now: Now) -> Bool {
        guard old.definition == new.definition else { return false }
        return old.revision == new.revision || state.entry?.token.isValid(now) == true
    }

    private func slot(for name: String) -> Int? {
        slots.firstIndex { $0.name == name } ?? slots.firstIndex { $0.name == nil }
            ?? slots.indices.filter { slots[$0].profile == nil }.min { slots[$0].freed < slots[$1].freed }
    }

    private mutating func redefine(_ index: Int, as profile: TokenProfile?, _ change: inout Change) {
        if slots[index].profile != nil { change.ended.append(ProfileID(index, epoch: slots[index].epoch)) }
        let isKnown = profile == nil || slots[index].name == profile?.name
        slots[index].epoch += 1
        slots[index].state.redefine(isKnown: isKnown)
        slots[index].profile = profile
        if let profile, !isKnown {
            slots[index].name = profile.name
            slots[index].since = slots[index].epoch
        }
        if profile == nil { slots[index].freed = changes }
        change.begun.append((ProfileID(index, epoch: slots[index].epoch), profile?.name))
    }
}
