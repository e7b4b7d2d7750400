import Dispatch
import Synchronization
import Testing

@testable import LatchkeyBroker

@Suite("An object that is made at its first use")
struct LazyReferenceTests {
    private final class Made: Sendable {
        private let ended: @Sendable () -> Void
        init(ended: @escaping @Sendable () -> Void = {}) { self.ended = ended }
        deinit { ended() }
    }

    /// Holds what is shared between threads.
    private final class Shared: Sendable {
        let reference = LazyReference<Made>()
        let made = Atomic<Int>(0)
        let ended = Atomic<Int>(0)
        let seen = Mutex<Set<ObjectIdentifier>>([])

        func get() -> Made {
            reference.get {
                made.add(1, ordering: .relaxed)
                return Made { [self] in ended.add(1, ordering: .relaxed) }
            }
        }
    }

    @Test("It is made once, and not made again")
    func once() {
        let shared = Shared()
        let first = shared.get()
        #expect(shared.get() === first)
        #expect(shared.made.load(ordering: .relaxed) == 1)
    }

    @Test("Threads that make it at once all get the same one, and the others are released")
    func race() {
        for _ in 0..<200 {
            let shared = Shared()
            DispatchQueue.concurrentPerform(iterations: 4) { _ in
                let object = shared.get()
                shared.seen.withLock { _ = $0.insert(ObjectIdentifier(object)) }
            }
            #expect(shared.seen.withLock { $0.count } == 1)
            let (made, ended) = (shared.made.load(ordering: .relaxed), shared.ended.load(ordering: .relaxed))
            #expect(ended == made - 1)
        }
    }

    @Test("It is released with its holder")
    func released() {
        final class Holder: Sendable {
            let reference = LazyReference<Made>()
        }
        weak var object: Made?
        do {
            let holder = Holder()
            object = holder.reference.get { Made() }
            #expect(object != nil)
        }
        #expect(object == nil)
    }
}
