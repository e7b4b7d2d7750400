internal import Dispatch
internal import LatchkeyNet
internal import Synchronization

/// Waits until all workers of a server have started, and keeps the first error.
final class WorkerStart: Sendable {
    private let group = DispatchGroup()
    private let error = Mutex<HTTPServer.StartError?>(nil)

    /// - Parameter count: the number of workers.
    init(count: Int) {
        for _ in 0..<count { group.enter() }
    }

    /// A worker has started, or has failed with an error.
    func ended(_ failure: HTTPServer.StartError?) {
        error.withLock { $0 = $0 ?? failure }
        group.leave()
    }

    /// Waits for all workers. Blocks.
    ///
    /// - Throws: the first error; one without an address if a thread does not start in time.
    func wait() throws(HTTPServer.StartError) {
        let isComplete = group.wait(timeout: .now() + .nanoseconds(Self.timeoutNanoseconds)) == .success
        if let error = error.withLock({ $0 }) { throw error }
        if !isComplete { throw HTTPServer.StartError(address: nil, cause: .noThread) }
    }

    private static let timeoutNanoseconds = Int(ServerLimits.startTimeout.components.seconds) * 1_000_000_000
}
