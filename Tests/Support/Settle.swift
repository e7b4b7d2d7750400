/// Lets other tasks run until `condition` holds. For work in the background that tells nobody it has ended.
///
/// Returns early when the test's time limit has cancelled its task.
package func settle(_ condition: () -> Bool) async {
    while !condition(), !Task.isCancelled { await Task.yield() }
}
