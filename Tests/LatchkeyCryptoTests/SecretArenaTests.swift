import Testing

@testable import LatchkeyCrypto

@Suite struct SecretArenaTests {
    @Test(arguments: [0, 1, 31, 32, 33, 64, 65, 2048, 4095, 4096, 4097, 100_000])
    func aSlotHasRoomAndIsZero(count: Int) {
        let arena = SecretArena()
        let slot = arena.allocate(count)
        #expect(slot.capacity >= count)
        #expect(slot.bytes.allSatisfy { $0 == 0 })
        slot.bytes.initializeMemory(as: UInt8.self, repeating: 0xA5)
        arena.release(slot)
        let again = arena.allocate(count)
        #expect(again.bytes.allSatisfy { $0 == 0 })
        arena.release(again)
    }

    @Test func aReleasedSlotIsUsedAgain() {
        let arena = SecretArena()
        let first = arena.allocate(40)
        let address = first.bytes.baseAddress
        arena.release(first)
        let second = arena.allocate(50)
        #expect(second.bytes.baseAddress == address)
    }

    @Test func slotsThatAreInUseDoNotOverlap() {
        let arena = SecretArena()
        let slots = (1...600).map { arena.allocate($0 * 8) }
        for (index, slot) in slots.enumerated() {
            slot.bytes.initializeMemory(as: UInt8.self, repeating: UInt8(truncatingIfNeeded: index))
        }
        for (index, slot) in slots.enumerated() {
            #expect(slot.bytes.allSatisfy { $0 == UInt8(truncatingIfNeeded: index) })
        }
        for slot in slots { arena.release(slot) }
    }

    @Test func allPagesAreCountedAsLockedOrNot() {
        let arena = SecretArena()
        let small = arena.allocate(10)
        #expect(arena.lockedBytes + arena.unlockedBytes == 16 * 1024)
        let large = arena.allocate(10_000)
        #expect(arena.lockedBytes + arena.unlockedBytes == 16 * 1024 + 12 * 1024)
        arena.release(large)
        #expect(arena.lockedBytes + arena.unlockedBytes == 16 * 1024)
        arena.release(small)
    }
}
