internal import LatchkeyCore
internal import Synchronization

/// The profiles in force by name. A worker keeps a copy and looks for a newer one by a number, so that finding a profile
/// takes no lock.
package final class ProfileNames: Sendable {
    /// One profile.
    package struct Entry: Hashable, Sendable {
        package let name: String
        package let id: ProfileID
    }

    private let list: Mutex<[Entry]>
    private let generation = Atomic<Int>(0)

    init(_ list: [Entry]) { self.list = Mutex(list) }

    /// The profiles in their order, the default one first.
    package var entries: [Entry] { list.withLock { $0 } }

    /// Puts other profiles in force.
    func replace(with list: [Entry]) {
        self.list.withLock { $0 = list }
        generation.add(1, ordering: .releasing)
    }

    /// One worker's copy.
    package struct Copy {
        private let source: ProfileNames
        private var entries: [Entry]
        private var generation: Int
        /// The default profile.
        package private(set) var standard: ProfileID

        package init(_ source: ProfileNames) {
            self.source = source
            generation = source.generation.load(ordering: .acquiring)
            entries = source.entries
            standard = entries.first?.id ?? ProfileID(0)
        }

        /// Takes the profiles now in force. True where they are others than before.
        package mutating func follow() -> Bool {
            let newest = source.generation.load(ordering: .acquiring)
            if newest == generation { return false }
            generation = newest
            entries = source.entries
            standard = entries.first?.id ?? ProfileID(0)
            return true
        }

        /// The profile of that name.
        package func id(of name: String) -> ProfileID? { entries.first { $0.name.hasSameBytes(as: name) }?.id }
    }
}
