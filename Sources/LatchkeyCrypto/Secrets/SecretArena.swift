internal import Glibc
internal import LatchkeyCore
internal import Synchronization

/// The memory of secrets: pages that are never written to swap (mlock(2)) and are left out of core dumps
/// (`MADV_DONTDUMP`), divided into slots of a few sizes.
///
/// A freed slot is used again for a secret of its size. Beyond the limit on locked memory (`RLIMIT_MEMLOCK`) the pages are
/// not locked, and ``unlockedBytes`` counts them.
package final class SecretArena: Sendable {
    /// A slot of the arena.
    struct Slot: Sendable {
        fileprivate let address: UInt
        /// The usable bytes.
        let capacity: Int

        var bytes: UnsafeMutableRawBufferPointer {
            UnsafeMutableRawBufferPointer(start: UnsafeMutableRawPointer(bitPattern: address), count: capacity)
        }
    }

    private struct State {
        /// The free slots of each size, the size 2^(index + ``SecretArena/minExponent``).
        var free = [[UInt]](repeating: [], count: SecretArena.sizes)
        var lockedBytes = 0
        var unlockedBytes = 0
        var onUnlocked: (@Sendable () -> Void)?
    }

    /// The smallest slot has 32 bytes.
    private static let minExponent = 5
    /// The number of slot sizes: up to 4096 bytes. A larger secret has pages of its own.
    private static let sizes = 8
    /// The pages that are divided at once.
    private static let chunkBytes = 16 * 1024

    /// The arena of all secrets of the process.
    package static let shared = SecretArena()

    private let state = Mutex(State())
    private let pageBytes = max(4096, sysconf(Int32(_SC_PAGESIZE)))

    init() {}

    /// Bytes of secrets' pages that are locked.
    package var lockedBytes: Int { state.withLock { $0.lockedBytes } }

    /// Bytes of secrets' pages that could not be locked, and may be written to swap.
    package var unlockedBytes: Int { state.withLock { $0.unlockedBytes } }

    /// Calls `action` once, when pages cannot be locked; at once if that has happened already.
    package func onFirstUnlocked(_ action: @escaping @Sendable () -> Void) {
        let isDue = state.withLock { state in
            if state.unlockedBytes > 0 { return true }
            state.onUnlocked = action
            return false
        }
        if isDue { action() }
    }

    /// A slot for `count` bytes, all zero.
    func allocate(_ count: Int) -> Slot {
        guard let index = Self.sizeIndex(count) else {
            let capacity = (count + pageBytes - 1) / pageBytes * pageBytes
            return Slot(address: map(capacity), capacity: capacity)
        }
        let capacity = 1 << (index + Self.minExponent)
        if let address = state.withLock({ $0.free[index].popLast() }) {
            return Slot(address: address, capacity: capacity)
        }
        let chunk = map(Self.chunkBytes)
        let others = stride(from: chunk + UInt(capacity), to: chunk + UInt(Self.chunkBytes), by: capacity)
        state.withLock { $0.free[index].append(contentsOf: others.reversed()) }
        return Slot(address: chunk, capacity: capacity)
    }

    /// Overwrites a slot and makes it available again.
    func release(_ slot: Slot) {
        Wiping.wipe(slot.bytes)
        if let index = Self.sizeIndex(slot.capacity) {
            state.withLock { $0.free[index].append(slot.address) }
        } else {
            unmap(slot)
        }
    }

    private static func sizeIndex(_ count: Int) -> Int? {
        guard count <= 1 << (minExponent + sizes - 1) else { return nil }
        return max(0, Int.bitWidth - max(count - 1, 0).leadingZeroBitCount - minExponent)
    }

    /// New pages. Ends the process if there is no memory, as every allocation does.
    private func map(_ count: Int) -> UInt {
        let pages = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let pages, pages != MAP_FAILED else { preconditionFailure("out of memory") }
        madvise(pages, count, MADV_DONTDUMP)
        let isLocked = mlock(pages, count) == 0
        let action = state.withLock { state -> (@Sendable () -> Void)? in
            if isLocked {
                state.lockedBytes += count
                return nil
            }
            state.unlockedBytes += count
            defer { state.onUnlocked = nil }
            return state.onUnlocked
        }
        action?()
        return UInt(bitPattern: pages)
    }

    private func unmap(_ slot: Slot) {
        // Which of the two it was is not kept for each slot; locked pages are the rule.
        munmap(slot.bytes.baseAddress, slot.capacity)
        state.withLock { state in
            if state.lockedBytes >= slot.capacity {
                state.lockedBytes -= slot.capacity
            } else {
                state.unlockedBytes -= min(state.unlockedBytes, slot.capacity)
            }
        }
    }
}
