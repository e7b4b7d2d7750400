internal import Synchronization

extension Array where Element: Sendable {
    /// The results of `work` for all elements at once, in the order of the elements. One task for each, so the number of
    /// elements must have a limit.
    ///
    /// The tasks return nothing and put their results into a table. Swift 6.3.1 makes programs of task groups with tuples of an
    /// enum that crash or mix results up in release builds.
    package func concurrentMap<Value: Sendable>(
        _ work: @escaping @Sendable (Element) async -> Value
    ) async -> [Value] {
        let table = ConcurrentResults<Value>()
        await withTaskGroup(of: Void.self) { group in
            for (index, element) in enumerated() {
                group.addTask { table.set(index, await work(element)) }
            }
        }
        return table.inOrder(count)
    }
}

/// Results by the index of their element.
private final class ConcurrentResults<Value: Sendable>: Sendable {
    private let values = Mutex<[Int: Value]>([:])

    func set(_ index: Int, _ value: Value) { values.withLock { $0[index] = value } }

    func inOrder(_ count: Int) -> [Value] { values.withLock { values in (0..<count).compactMap { values[$0] } } }
}
