internal import Synchronization

/// Answers calls from a list and repeats the last answer. Records the calls, and makes each wait at a gate if one is
/// set.
package final class Script<Answer: Sendable, Failure: Error>: Sendable {
    private let answers: Mutex<[Result<Answer, Failure>]>
    private let gate: Mutex<Gate?>
    private let whenEmpty: Failure
    /// The arguments of the calls, in order.
    package let calls = Inbox<String>()

    /// - Parameter whenEmpty: the error of a call while the list is empty.
    package init(_ answers: [Result<Answer, Failure>], gate: Gate? = nil, whenEmpty: Failure) {
        self.answers = Mutex(answers)
        self.gate = Mutex(gate)
        self.whenEmpty = whenEmpty
    }

    /// Replaces the list and the gate.
    package func then(_ answers: Result<Answer, Failure>..., gate: Gate? = nil) {
        self.answers.withLock { $0 = answers }
        self.gate.withLock { $0 = gate }
    }

    /// The next answer.
    package func answer(_ argument: String) async throws(Failure) -> Answer {
        calls.put(argument)
        if let gate = gate.withLock({ $0 }) { await gate.pass() }
        let next = answers.withLock { $0.count > 1 ? $0.removeFirst() : $0.first }
        guard let next else { throw whenEmpty }
        return try next.get()
    }
}
