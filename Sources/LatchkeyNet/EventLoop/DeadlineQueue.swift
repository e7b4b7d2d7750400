package import LatchkeyCore

/// Deadlines in the order of time. A binary heap that knows the position of each entry, so that a cancelled deadline is
/// removed at once and its payload is released.
package struct DeadlineQueue<Payload> {
    private struct Entry {
        let time: MonotonicTime
        let id: TimerID
        let payload: Payload
    }

    private var heap: [Entry] = []
    private var positions: [TimerID: Int] = [:]
    private var serial: UInt64 = 0

    package init() {}

    /// The number of deadlines.
    package var count: Int { heap.count }

    /// The earliest deadline; nil if the queue is empty.
    package var next: MonotonicTime? { heap.first?.time }

    /// Adds a deadline. Deadlines of equal times are due in the order of insertion.
    package mutating func insert(_ payload: Payload, at time: MonotonicTime) -> TimerID {
        serial &+= 1
        let id = TimerID(serial: serial)
        heap.append(Entry(time: time, id: id, payload: payload))
        positions[id] = heap.count - 1
        siftUp(heap.count - 1)
        return id
    }

    /// Removes a deadline. Does nothing if it is no longer there.
    package mutating func cancel(_ id: TimerID) {
        if let position = positions[id] { remove(at: position) }
    }

    /// Removes and returns the earliest deadline if it is due at `now`.
    package mutating func popDue(at now: MonotonicTime) -> Payload? {
        guard let first = heap.first, first.time <= now else { return nil }
        remove(at: 0)
        return first.payload
    }

    private mutating func remove(at position: Int) {
        positions[heap[position].id] = nil
        let last = heap.removeLast()
        guard position < heap.count else { return }
        heap[position] = last
        positions[last.id] = position
        siftUp(position)
        siftDown(positions[last.id] ?? position)
    }

    private func precedes(_ left: Entry, _ right: Entry) -> Bool {
        left.time != right.time ? left.time < right.time : left.id.serial < right.id.serial
    }

    private mutating func swap(_ left: Int, _ right: Int) {
        heap.swapAt(left, right)
        positions[heap[left].id] = left
        positions[heap[right].id] = right
    }

    private mutating func siftUp(_ start: Int) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard precedes(heap[child], heap[parent]) else { return }
            swap(child, parent)
            child = parent
        }
    }

    private mutating func siftDown(_ start: Int) {
        var parent = start
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if precedes(heap[child], heap[least]) { least = child }
            }
            guard least != parent else { return }
            swap(parent, least)
            parent = least
        }
    }
}
