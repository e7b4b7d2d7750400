internal import LatchkeyCrypto

/// The digests of all keys, and the index of each key's caller.
///
/// With many keys only a part of them is compared, and which one depends on a random number of this process. What is
/// compared is compared in full, also after a match, so that the time taken reveals nothing.
struct KeyTable: Sendable {
    /// The most keys that are all compared.
    private static let maxScanned = 8

    private let digests: [Digest]
    private let owners: [Int]
    /// The first key of each bucket, and the number of keys at the end; empty with few keys.
    private let starts: [Int]
    private let multiplier: UInt64
    private let shift: UInt64

    /// - Parameter keys: the digests with the indices of their callers.
    init(_ keys: [(digest: Digest, owner: Int)]) {
        let bits = keys.count <= Self.maxScanned ? 0 : Int.bitWidth - keys.count.leadingZeroBitCount
        let (multiplier, shift) = (UInt64.random(in: 0...(.max)) | 1, UInt64(64 - bits))
        let bucket = { (digest: Digest) in bits == 0 ? 0 : Int((digest.firstWord &* multiplier) >> shift) }
        let sorted = keys.map { (bucket: bucket($0.digest), key: $0) }.sorted { $0.bucket < $1.bucket }
        digests = sorted.map(\.key.digest)
        owners = sorted.map(\.key.owner)
        var starts: [Int] = []
        if bits > 0 {
            var next = 0
            for bucket in 0...(1 << bits) {
                while next < sorted.count, sorted[next].bucket < bucket { next += 1 }
                starts.append(next)
            }
        }
        self.starts = starts
        self.multiplier = multiplier
        self.shift = shift
    }

    /// The index of the caller that the key with this digest belongs to.
    func owner(of digest: Digest) -> Int? {
        var range = 0..<digests.count
        if !starts.isEmpty {
            let bucket = Int((digest.firstWord &* multiplier) >> shift)
            range = starts[bucket]..<starts[bucket + 1]
        }
        var found = -1
        for index in range where digests[index].constantTimeEquals(digest) { found = owners[index] }
        return found < 0 ? nil : found
    }
}
