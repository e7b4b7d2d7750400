/// The next command of a move, and why.
package struct NextStep: Hashable, Sendable {
    /// The words after `latchkey migrate`. Nil if there is nothing to do but wait, nothing at all, or if only the operator
    /// knows the arguments.
    package var command: String?
    package var why: String
}
