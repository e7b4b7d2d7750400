internal import LatchkeyCore
internal import LatchkeyMetrics

/// The places of the profiles, and each one's state. Pure: the broker keeps it under its lock.
///
/// A profile keeps its place while it is there. A place whose profile was removed waits for that name to come back, and
/// goes to another one when it has waited longest. Whoever comes with a ``ProfileID`` of an earlier epoch finds nothing.
struct ProfileSlots: Sendable {
    /// One place.
    struct Slot: Sendable {
        /// Whose place it is; nil where that one was removed, or there was none yet.
        var profile: TokenProfile?
        /// Whose place it was last.
        var name: String?
        var epoch: UInt64 = 0
        /// The first epoch of that name.
        var since: UInt64 = 0
        /// When its profile was removed, in the order of changes.
        var freed = 0
        var state = ProfileState()
    }

    /// What a change of the profiles came to.
    struct Change: Sendable {
        /// The profiles now in force, in their order.
        var entries: [ProfileNames.Entry] = []
        /// What was defined otherwise or is not there any more, as it was known until now.
        var ended: [ProfileID] = []
        /// The same places, and those of new profiles, as they are known from now on; with the name, nil for nobody.
        var begun: [(id: ProfileID, name: String?)] = []
    }

    private(set) var slots: [Slot]
    private var changes = 0

    /// - Parameter places: twice as many as there may be profiles, where they may change.
    init(_ profiles: [TokenProfile], places: Int) {
        slots = profiles.map { Slot(profile: $0, name: $0.name) }
        while slots.count < places { slots.append(Slot()) }
    }

    /// Whether the profile is still defined as it was.
    func isCurrent(_ id: ProfileID) -> Bool { slots[id.index].epoch == id.epoch }

    /// The profile; nil where it is defined otherwise now.
    func profile(_ id: ProfileID) -> TokenProfile? { isCurrent(id) ? slots[id.index].profile : nil }

    /// The profile that has the name of `id` now; nil where there is none.
    func successor(of id: ProfileID) -> ProfileID? {
        let slot = slots[id.index]
        return slot.profile != nil && id.epoch >= slot.since ? ProfileID(id.index, epoch: slot.epoch) : nil
    }

    /// Works on the state of a profile; nil where it is defined otherwise now.
    @discardableResult
    mutating func with<Result>(_ id: ProfileID, _ body: (inout ProfileState) -> Result) -> Result? {
        isCurrent(id) ? body(&slots[id.index].state) : nil
    }

    /// Empties the memory of all.
    mutating func clear() {
        for index in slots.indices { slots[index].state.clear() }
    }

    /// A tier that failed answers again.
    mutating func recovered(_ tier: Tier, isShared: Bool, _ now: Now) {
        for index in slots.indices { slots[index].state.recovered(tier, isShared: isShared, now) }
    }

    // MARK: Changing

    /// Puts other profiles in force. One whose definition is the same keeps its token and what is known of getting the
    /// next; of any other nothing is kept.
    ///
    /// - Parameter profiles: at most half as many as there are places, each name once.
    mutating func replace(with profiles: [TokenProfile], _ now: Now) -> Change {
        changes += 1
        var change = Change()
        let names = Set(profiles.map(\.name))
        for index in slots.indices {
            guard let profile = slots[index].profile, !names.contains(profile.name) else { continue }
            redefine(index, as: nil, &change)
        }
        for profile in profiles {
            guard let index = place(for: profile.name) else { continue }
            if let old = slots[index].profile, isKept(old, profile, slots[index].state, now) {
                slots[index].profile = profile
            } else {
                redefine(index, as: profile, &change)
            }
            change.entries.append(.init(name: profile.name, id: ProfileID(index, epoch: slots[index].epoch)))
        }
        return change
    }

    /// What tokens are for is the same. Where only the way to get them has changed, a failure of the old way is none of
    /// the new one: with no token to keep, nothing is kept.
    private func isKept(_ old: TokenProfile, _ new: TokenProfile, _ state: ProfileState, _ now: Now) -> Bool {
        guard old.definition == new.definition else { return false }
        return old.revision == new.revision || state.entry?.token.isValid(now) == true
    }

    private func place(for name: String) -> Int? {
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
