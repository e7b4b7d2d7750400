internal import Synchronization

/// An object that is made at its first use. Several threads may read it.
///
/// `AtomicLazyReference` of the standard library does the same, but its functions are not inlined or specialized: a read
/// takes about 500 instructions, most of them to look up generic types. A read here is one load.
struct LazyReference<Instance: AnyObject & Sendable>: ~Copyable, Sendable {
    private let reference = Atomic<Unmanaged<Instance>?>(nil)

    deinit { reference.load(ordering: .acquiring)?.release() }

    /// The object; nil if it has not been made.
    var current: Instance? { reference.load(ordering: .acquiring)?.takeUnretainedValue() }

    /// The object.
    ///
    /// - Parameter make: called if there is none yet. Two threads may call it at once; both get the object that was first.
    func get(_ make: () -> Instance) -> Instance {
        if let made = reference.load(ordering: .acquiring) { return made.takeUnretainedValue() }
        let new = Unmanaged.passRetained(make())
        let (isFirst, first) = reference.compareExchange(
            expected: nil, desired: new, ordering: .acquiringAndReleasing)
        guard !isFirst, let first else { return new.takeUnretainedValue() }
        new.release()
        return first.takeUnretainedValue()
    }
}
