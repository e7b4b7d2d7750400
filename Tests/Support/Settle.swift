/// Lets other tasks run until `condition` holds. For background work whose end cannot be awaited.
///
/// Returns early when the test's time limit has cancelled its task.
package func settle(_ condition: () -> Bool) async {
    while !condition(), !Task.isCancelled { await Task.yield() }
}
