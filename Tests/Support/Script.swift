internal import Synchronization

/// Answers calls from a list, the last answer for ever. Counts the calls, and stops each at a gate if there is one.
package final class Script<Answer: Sendable, Failure: Error>: Sendable {
    private let answers: Mutex<[Result<Answer, Failure>]>
    private let gate: Mutex<Gate?>
    private let whenEmpty: Failure
    /// One value a call, in order: whatever it was called with.
    package let calls = Inbox<String>()

    /// `whenEmpty` is what a call gets while the list has no answer.
    package init(_ answers: [Result<Answer, Failure>], gate: Gate? = nil, whenEmpty: Failure) {
        self.answers = Mutex(answers)
        self.gate = Mutex(gate)
        self.whenEmpty = whenEmpty
    }

    /// Replaces the list, and the gate.
    package func then(_ answers: Result<Answer, Failure>..., gate: Gate? = nil) {
        self.answers.withLock { $0 = answers }
        self.gate.withLock { $0 = gate }
    }

    /// The next answer.
    package func answer(_ what: String) async throws(Failure) -> Answer {
        calls.put(what)
        if let gate = gate.withLock({ $0 }) { await gate.pass() }
        let next = answers.withLock { $0.count > 1 ? $0.removeFirst() : $0.first }
        guard let next else { throw whenEmpty }
        return try next.get()
    }
}
