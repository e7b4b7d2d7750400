package import LatchkeyCrypto
internal import Synchronization

/// The TLS configuration in force, and the keys of session tickets, shared by all workers of a server.
///
/// A change affects connections that are accepted after it. Open ones keep their session.
package final class LiveTLSConfiguration: Sendable {
    let tickets: TLSTicketKeys
    private let current: Mutex<TLSServerConfiguration>
    /// Counts the changes, so that a worker reads one number for each connection and takes no lock.
    private let number = Atomic<Int>(0)

    package init(_ configuration: TLSServerConfiguration, tickets: TLSTicketKeys) {
        current = Mutex(configuration)
        self.tickets = tickets
    }

    /// - Parameter configuration: a valid one (``TLSServerConfiguration/validate()``).
    package func replace(with configuration: TLSServerConfiguration) {
        current.withLock { current in
            current = configuration
            number.add(1, ordering: .releasing)
        }
    }

    var changes: Int { number.load(ordering: .acquiring) }

    /// The configuration, with the value of ``changes`` that belongs to it.
    func read() -> (configuration: TLSServerConfiguration, changes: Int) {
        current.withLock { ($0, number.load(ordering: .relaxed)) }
    }
}
