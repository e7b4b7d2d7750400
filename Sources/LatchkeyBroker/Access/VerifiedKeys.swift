internal import LatchkeyCrypto

/// The keys that one worker has found in its ``KeyRing``, so that the next request with one of them is not hashed.
///
/// The keys are in locked memory, and overwritten when they are dropped. A presented key is compared in full and in constant
/// time with at most one of them; which one depends on random numbers of the process. There is place for ``maxKeys``; a
/// further key takes the place of one. Everything is dropped when keys or callers change.
///
/// A class that is confined to the thread of its worker.
package final class VerifiedKeys {
    /// The most keys, a power of 2.
    package static let maxKeys = 256
    /// Longer keys are hashed for each request.
    package static let maxKeyBytes = 128

    private struct Place {
        var key: Unmanaged<Secret>?
        var owner: Int32 = 0
    }

    private let places = UnsafeMutablePointer<Place>.allocate(capacity: VerifiedKeys.maxKeys)
    private let multipliers: InlineArray<17, UInt64>
    /// The number of keys.
    package private(set) var count = 0

    package init() {
        places.initialize(repeating: Place(), count: Self.maxKeys)
        multipliers = InlineArray { _ in UInt64.random(in: 0...(.max)) | 1 }
    }

    deinit {
        removeAll()
        places.deallocate()
    }

    /// The caller's index in the ring; nil if the key has not been verified, or is not remembered any more.
    package func owner(of key: UnsafeRawBufferPointer) -> Int? {
        guard count > 0, key.count <= Self.maxKeyBytes else { return nil }
        let place = places + place(of: key)
        guard let known = place.pointee.key else { return nil }
        return known._withUnsafeGuaranteedRef { $0.constantTimeEquals(key) } ? Int(place.pointee.owner) : nil
    }

    /// Remembers a key whose digest the ring has.
    package func insert(_ key: UnsafeRawBufferPointer, owner: Int) {
        guard key.count <= Self.maxKeyBytes else { return }
        let place = places + place(of: key)
        if let old = place.pointee.key { old.release() } else { count += 1 }
        place.pointee = Place(key: Unmanaged.passRetained(Secret(key)), owner: Int32(truncatingIfNeeded: owner))
    }

    /// Drops all keys.
    package func removeAll() {
        guard count > 0 else { return }
        for place in 0..<Self.maxKeys {
            places[place].key?.release()
            places[place].key = nil
        }
        count = 0
    }

    /// A sum of products with random numbers (multilinear hashing). The time depends only on the length.
    private func place(of key: UnsafeRawBufferPointer) -> Int {
        var sum = multipliers[0] &* UInt64(truncatingIfNeeded: key.count)
        var (index, word) = (0, 1)
        while index + 8 <= key.count {
            sum &+= key.loadUnaligned(fromByteOffset: index, as: UInt64.self) &* multipliers[word]
            (index, word) = (index + 8, word + 1)
        }
        var rest: UInt64 = 0
        while index < key.count {
            rest = rest << 8 | UInt64(key[index])
            index += 1
        }
        // A key of the greatest length has no rest, and so needs no further multiplier.
        if word < 17 { sum &+= rest &* multipliers[word] }
        return Int(truncatingIfNeeded: ((sum ^ (sum >> 29)) &* multipliers[1]) >> 56)
    }
}
