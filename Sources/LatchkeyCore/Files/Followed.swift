/// The last good value of something that is read again and again, such as a file. Pure.
///
/// A reading takes effect once the next reading equals it, so that a half-written file or a brief failure changes
/// nothing. A failure never changes the value.
package struct Followed<Value: Equatable & Sendable>: Sendable {
    /// The result of one reading.
    package enum Reading: Equatable, Sendable {
        case read(Value)
        case failed(FileError)
    }

    /// What a reading changed.
    package enum Event: Equatable, Sendable {
        case nothing
        case changed(Value)
        /// Reading has begun to fail, or fails for another reason than before. Reported once.
        case failing(FileError)
        /// Reading works again, and the value is the same as before.
        case recovered
    }

    /// The value in force; nil before the first one.
    package private(set) var value: Value?
    /// Why reading fails; nil while it works.
    package private(set) var error: FileError?
    private var lastReading: Reading?

    /// - Parameter value: the value that was read at startup.
    package init(_ value: Value? = nil) { self.value = value }

    /// Applies one reading.
    package mutating func apply(_ reading: Reading) -> Event {
        defer { lastReading = reading }
        guard reading == lastReading else { return .nothing }
        switch reading {
        case .read(let newValue):
            let hasFailed = error != nil
            error = nil
            guard newValue != value else { return hasFailed ? .recovered : .nothing }
            value = newValue
            return .changed(newValue)
        case .failed(let error):
            guard error != self.error else { return .nothing }
            self.error = error
            return .failing(error)
        }
    }
}
