/// Identifies a deadline of one ``DeadlineQueue``.
package struct TimerID: Hashable, Sendable {
    let serial: UInt64
}
