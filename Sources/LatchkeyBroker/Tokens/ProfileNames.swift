internal import LatchkeyCore
internal import Synchronization

/// The current profiles by name.
///
/// Each worker keeps a copy and compares a generation number, so that finding a profile takes no lock.
package final class ProfileNames: Sendable {
    package struct Entry: Hashable, Sendable {
        package let name: String
        package let id: ProfileID
    }

    private let list: Mutex<[Entry]>
    private let generation = Atomic<Int>(0)

    init(_ list: [Entry]) { self.list = Mutex(list) }

    /// The profiles in their order; the default profile is first.
    package var entries: [Entry] { list.withLock { $0 } }

    /// Replaces the profiles.
    func replace(with list: [Entry]) {
        self.list.withLock { $0 = list }
        generation.add(1, ordering: .releasing)
    }

    /// The copy of one worker.
    package struct Copy {
        private let source: ProfileNames
        private var entries: [Entry]
        private var generation: Int
        package private(set) var defaultProfile: ProfileID

        package init(_ source: ProfileNames) {
            self.source = source
            generation = source.generation.load(ordering: .acquiring)
            entries = source.entries
            defaultProfile = entries.first?.id ?? ProfileID(0)
        }

        /// Updates the copy. Returns whether the profiles have changed.
        package mutating func follow() -> Bool {
            let newest = source.generation.load(ordering: .acquiring)
            if newest == generation { return false }
            generation = newest
            entries = source.entries
            defaultProfile = entries.first?.id ?? ProfileID(0)
            return true
        }

        /// The name of a profile; nil if it was removed.
        package func name(of id: ProfileID) -> String? { entries.first { $0.id == id }?.name }

        /// The profile with that name.
        package func id(of name: String) -> ProfileID? { entries.first { $0.name.hasSameBytes(as: name) }?.id }
    }
}
