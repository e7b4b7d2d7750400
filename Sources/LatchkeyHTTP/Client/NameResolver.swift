internal import Dispatch
internal import Glibc
internal import LatchkeyCore
internal import LatchkeyNet

/// Turns host names into addresses without ever holding up the loop: `getaddrinfo` blocks for as long as the resolver
/// pleases, so it runs on Dispatch's threads, a bounded number of calls at once.
///
/// Confined to the client's loop. Answers are kept for half a minute: a burst of new connections asks once.
final class NameResolver {
    typealias Answer = (Result<[SocketAddress], HTTPClientError>) -> Void

    /// Look-ups at once; a resolver that hangs can hold so many threads and no more.
    private let maxRunning = 8
    private let keep: Duration = .seconds(30)
    private let maxKept = 64
    private let key: ResidentKey
    private var running = 0
    private var waiting: [String: [(UInt16, Answer)]] = [:]
    private var queue: [String] = []
    private var kept: [String: (addresses: [SocketAddress], until: MonotonicTime)] = [:]

    /// - Parameter key: where the loop finds this object again.
    init(key: ResidentKey) { self.key = key }

    /// Gives the addresses of `host`, at once for a literal or a name kept, later otherwise.
    func resolve(_ host: String, port: UInt16, on loop: EventLoop, answer: @escaping Answer) {
        if let literal = SocketAddress(literal: host, port: port) { return answer(.success([literal])) }
        if let known = kept[host], known.until > loop.now {
            return answer(.success(known.addresses.map { $0.withPort(port) }))
        }
        if waiting[host] == nil {
            waiting[host] = [(port, answer)]
            queue.append(host)
            startNext(on: loop)
        } else {
            waiting[host]?.append((port, answer))
        }
    }

    private func startNext(on loop: EventLoop) {
        guard running < maxRunning, !queue.isEmpty else { return }
        running += 1
        let host = queue.removeFirst()
        let handle = loop.handle
        let key = key
        DispatchQueue.global(qos: .userInitiated).async {
            let addresses = Self.lookUp(host)
            handle.submit { loop in (loop.residents[key] as? NameResolver)?.finish(host, addresses, on: loop) }
        }
    }

    private func finish(_ host: String, _ addresses: [SocketAddress], on loop: EventLoop) {
        running -= 1
        if !addresses.isEmpty {
            if kept.count >= maxKept { kept.removeAll() }
            kept[host] = (addresses, loop.now + keep)
        }
        for (port, answer) in waiting.removeValue(forKey: host) ?? [] {
            answer(addresses.isEmpty ? .failure(.nameNotResolved) : .success(addresses.map { $0.withPort(port) }))
        }
        startNext(on: loop)
    }

    /// Blocks. Empty when the name has no address or the resolver failed.
    private static func lookUp(_ host: String) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        // Only families this machine has an address of (RFC 3493 §6.1).
        hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var entry = list
        while let current = entry?.pointee, addresses.count < 16 {
            if let address = current.ai_addr, let found = SocketAddress(address, length: current.ai_addrlen),
                !addresses.contains(found)
            {
                addresses.append(found)
            }
            entry = current.ai_next
        }
        return addresses
    }
}
