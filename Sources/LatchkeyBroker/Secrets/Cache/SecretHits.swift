internal import LatchkeyCore

/// The outcomes of lookups that found a fresh secret, by the bytes of its key, so that the next request for it needs neither a
/// String nor the lookup. Pure.
///
/// An outcome holds for a short time, and only as long as nothing has changed that the lookup has read: ``SecretCache`` drops
/// it then. So it never keeps a secret that was replaced or cleared.
struct SecretHits {
    /// How long an outcome holds at most. Then a lookup marks the items as used.
    static let maxTime: Duration = .seconds(10)
    /// The most outcomes. A further one takes the place of another.
    private static let maxPlaces = 1 << 15
    /// An outcome is in one of so many places from the one that the hash of its key gives.
    private static let reach = 8

    private struct Place {
        let key: [UInt8]
        let hit: SecretHit
        let until: MonotonicTime
    }

    /// The hashes of the keys in ``places``; 0 for a free place. Looked at first, because that needs no references.
    private var hashes: [UInt64] = []
    private var places: [Place?] = []
    private var count = 0
    private let seed = UInt64.random(in: 0...(.max)) | 1

    /// The secret with that key.
    func find(_ key: UnsafeRawBufferPointer, _ now: MonotonicTime) -> SecretHit? {
        guard count > 0, let index = index(of: key, hash(key)), let place = places[index], now < place.until else {
            return nil
        }
        return place.hit
    }

    /// Keeps the outcome of a lookup.
    ///
    /// - Parameter until: when it ends to hold.
    mutating func insert(_ hit: SecretHit, for name: String, until: MonotonicTime) {
        let key = Array(name.utf8)
        let place = Place(key: key, hit: hit, until: until)
        key.withUnsafeBytes { bytes in
            let hash = hash(bytes)
            if let index = index(of: bytes, hash) { return places[index] = place }
            while true {
                if let index = indices(hash).first(where: { hashes[$0] == 0 }) {
                    (hashes[index], places[index]) = (hash, place)
                    return count += 1
                }
                guard places.count < Self.maxPlaces else { break }
                grow()
            }
            let index = start(hash)
            (hashes[index], places[index]) = (hash, place)
        }
    }

    /// Drops the outcome for a key.
    mutating func remove(_ name: String) {
        guard count > 0 else { return }
        let key = Array(name.utf8)
        key.withUnsafeBytes { bytes in
            guard let index = index(of: bytes, hash(bytes)) else { return }
            (hashes[index], places[index]) = (0, nil)
            count -= 1
        }
    }

    mutating func removeAll() {
        guard count > 0 else { return }
        (hashes, places, count) = ([], [], 0)
    }

    private mutating func grow() {
        let old = places
        let size = max(64, places.count * 2)
        hashes = [UInt64](repeating: 0, count: size)
        places = [Place?](repeating: nil, count: size)
        count = 0
        for place in old.compactMap(\.self) {
            let hash = place.key.withUnsafeBytes { self.hash($0) }
            // What has no place in reach is found by the next lookup again.
            guard let index = indices(hash).first(where: { hashes[$0] == 0 }) else { continue }
            (hashes[index], places[index]) = (hash, place)
            count += 1
        }
    }

    private func index(of key: UnsafeRawBufferPointer, _ hash: UInt64) -> Int? {
        guard !hashes.isEmpty else { return nil }
        let start = start(hash)
        for step in 0..<Self.reach {
            let index = (start &+ step) & (hashes.count - 1)
            if hashes[index] == hash, places[index]?.key.elementsEqual(key) ?? false { return index }
        }
        return nil
    }

    private func indices(_ hash: UInt64) -> [Int] {
        if hashes.isEmpty { return [] }
        return (0..<Self.reach).map { (start(hash) &+ $0) & (hashes.count - 1) }
    }

    private func start(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash >> 32) & (hashes.count - 1) }

    /// Multiplies eight bytes at a time with a random number and folds the product; never 0.
    private func hash(_ key: UnsafeRawBufferPointer) -> UInt64 {
        var hash = seed &+ UInt64(truncatingIfNeeded: key.count)
        var index = 0
        while index < key.count {
            var word: UInt64 = 0
            if index + 8 <= key.count {
                word = key.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            } else {
                for place in index..<key.count { word = word << 8 | UInt64(key[place]) }
            }
            let (high, low) = (hash ^ word).multipliedFullWidth(by: seed)
            hash = high ^ low
            index += 8
        }
        let (high, low) = (hash ^ 0x9E37_79B9_7F4A_7C15).multipliedFullWidth(by: seed)
        return (high ^ low) | 1
    }
}
