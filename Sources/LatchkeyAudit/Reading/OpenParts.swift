internal import LatchkeyCrypto

/// Parts of lines that were read, and that no line has recorded yet.
struct OpenParts {
    private var places: [String: [AuditPlace]] = [:]
    private var count = 0

    /// The places of the parts that are left.
    var open: [AuditPlace] { places.values.flatMap { $0 } }

    /// Keeps a part; false if there are too many.
    mutating func add(_ bytes: ArraySlice<UInt8>, _ place: AuditPlace) -> Bool {
        guard count < AuditLimits.maxOpenParts else { return false }
        count += 1
        places[bytes.withUnsafeBytes { SHA256.hash($0).hex }, default: []].append(place)
        return true
    }

    /// A line has recorded the part with this SHA-256.
    mutating func remove(_ digest: String) {
        guard places[digest]?.isEmpty == false else { return }
        places[digest]?.removeFirst()
        if places[digest]?.isEmpty == true { places[digest] = nil }
        count -= 1
    }
}
