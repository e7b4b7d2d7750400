/// The last good value of something that is looked at again and again, such as a file. Pure.
///
/// A look counts once the look after it agrees with it: what was half written in between is no value, and a failure that
/// passed is none. A failure never changes the value.
package struct Followed<Value: Equatable & Sendable>: Sendable {
    /// What one look gave.
    package enum Look: Equatable, Sendable {
        case read(Value)
        case failed(FileFault)
    }

    /// What a look came to.
    package enum Event: Equatable, Sendable {
        case nothing
        /// The value has changed.
        case changed(Value)
        /// It cannot be read, or cannot be read for another reason than before. Once an episode.
        case failing(FileFault)
        /// It can be read again, and is what it was.
        case recovered
    }

    /// The value in force; nil until one was read.
    package private(set) var value: Value?
    /// Why it cannot be read now; nil while it can.
    package private(set) var fault: FileFault?
    private var last: Look?

    /// - Parameter value: the value that was read at the start.
    package init(_ value: Value? = nil) { self.value = value }

    /// Takes in one look.
    package mutating func take(_ look: Look) -> Event {
        defer { last = look }
        guard look == last else { return .nothing }
        switch look {
        case .read(let new):
            let hasFailed = fault != nil
            fault = nil
            guard new != value else { return hasFailed ? .recovered : .nothing }
            value = new
            return .changed(new)
        case .failed(let fault):
            guard fault != self.fault else { return .nothing }
            self.fault = fault
            return .failing(fault)
        }
    }
}
