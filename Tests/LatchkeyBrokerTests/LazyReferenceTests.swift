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

    private final class Count: Sendable {
        private let value = Atomic<Int>(0)
        var current: Int { value.load(ordering: .relaxed) }
        func add() { value.add(1, ordering: .relaxed) }
    }

    /// Holds what is shared between threads.
    private final class Shared: Sendable {
        let reference = LazyReference<Made>()
        let made = Count()
        let ended = Count()
        let seen = Mutex<Set<ObjectIdentifier>>([])

        func get() -> Made {
            reference.get {
                made.add()
                return Made { [ended] in ended.add() }
            }
        }
    }

    @Test("It is made once, and not made again")
    func once() {
        let shared = Shared()
        let first = shared.get()
        #expect(shared.get() === first)
        #expect(shared.made.current == 1)
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
            #expect(shared.ended.current == shared.made.current - 1)
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
