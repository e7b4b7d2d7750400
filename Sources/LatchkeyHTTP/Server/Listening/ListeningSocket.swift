internal import LatchkeyNet
internal import Synchronization

/// A listening socket, which the workers share.
final class ListeningSocket: Sendable {
    let socket: Socket
    /// The bound address, with the real port when port 0 was requested.
    let address: SocketAddress
    /// What its connections have in common.
    let traits: ListenerTraits
    /// The name of a Unix socket that this process has created; nil otherwise.
    private let name: UnixSocketName?
    /// Called when a connection cannot be accepted, and not again before one was accepted.
    private let acceptFailed: @Sendable (SystemError) -> Void
    private let isFailing = Atomic<Bool>(false)

    /// A socket that is already listening.
    ///
    /// - Parameter traits: of a listener with its address.
    init(
        _ inherited: InheritedSocket, traits: ListenerTraits, acceptFailed: @escaping @Sendable (SystemError) -> Void
    ) {
        socket = inherited.take()
        address = inherited.address
        self.traits = traits
        name = nil
        self.acceptFailed = acceptFailed
    }

    init(
        on address: SocketAddress, traits: ListenerTraits, unix options: UnixSocketOptions,
        acceptFailed: @escaping @Sendable (SystemError) -> Void
    ) throws(SystemError) {
        if case .unix(let path) = address {
            let name = try UnixSocketName(path, options: options)
            socket = try name.listen()
            self.name = name
            self.address = address
        } else {
            socket = try .listening(on: address)
            name = nil
            self.address = socket.localAddress ?? address
        }
        self.traits = traits
        self.acceptFailed = acceptFailed
    }

    /// Gives a Unix socket that this process has created its path.
    ///
    /// - Returns: its file; nil for another socket.
    func publish() throws(SystemError) -> UnixSocketFile? { try name?.publish() }

    /// Removes the file of a Unix socket that was not published.
    func discard() { name?.discard() }

    /// The next connection; nil if none waits.
    ///
    /// - Throws: if no descriptor is left, and errors of the socket itself.
    func accept() throws(SystemError) -> Socket? {
        do throws(SystemError) {
            let accepted = try socket.accept()
            if accepted != nil, isFailing.load(ordering: .relaxed) { isFailing.store(false, ordering: .relaxed) }
            return accepted
        } catch {
            if !isFailing.exchange(true, ordering: .relaxed) { acceptFailed(error) }
            throw error
        }
    }
}
