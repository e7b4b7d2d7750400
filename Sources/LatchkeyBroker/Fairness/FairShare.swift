/// Divides a number of places among callers. Pure.
///
/// A caller gets another place only while it holds fewer than are free. So one caller takes half at most, two take a third
/// each, and whoever comes next always finds as many places as the largest holder has (dynamic thresholds: A. Choudhury,
/// E. Hahne, "Dynamic Queue Length Thresholds for Shared-Memory Packet Switches", 1998). Nothing is reserved for callers
/// that ask for nothing. A caller without others may have all places.
package struct FairShare: Sendable {
    private let places: Int
    private(set) var used = 0
    private var held: [String: Int] = [:]

    package init(_ places: Int) { self.places = places }

    /// Whether the requester may have another place.
    package func has(_ requester: Requester?) -> Bool {
        guard used < places else { return false }
        guard let requester, !requester.isAlone else { return true }
        return held[requester.id, default: 0] < places - used
    }

    /// Takes a place if the requester may have another; ``release(_:)`` returns it.
    package mutating func take(_ requester: Requester?) -> Bool {
        guard has(requester) else { return false }
        used += 1
        if let requester { held[requester.id, default: 0] += 1 }
        return true
    }

    /// Returns a place.
    package mutating func release(_ requester: Requester?) {
        used -= 1
        guard let id = requester?.id, let count = held[id] else { return }
        held[id] = count > 1 ? count - 1 : nil
    }
}
