internal import Dispatch
internal import LatchkeyCore
internal import LatchkeyNet

/// Carries out the lookups that a ``NameCache`` decides on, without blocking the event loop of the client, to which it is
/// confined.
///
/// `getaddrinfo` blocks and cannot be cancelled. Each lookup therefore runs on its own Dispatch thread, and
/// ``NameCache/Limits`` limits their number.
final class NameResolver {
    typealias Callback = (NameCache.Answer?) -> Void

    /// Identifies a pending request, for ``cancel(_:)``.
    struct Handle {
        fileprivate let waiter: NameCache.WaiterID
        fileprivate let name: String
    }

    private let key: LoopObjectID
    private let lookUp: @Sendable (String) -> [SocketAddress]
    private var cache: NameCache
    private var callbacks: [NameCache.WaiterID: Callback] = [:]
    private var serial: NameCache.WaiterID = 0

    /// - Parameters:
    ///   - key: the key of this object on its event loop.
    ///   - lookUp: returns the addresses of a name, or none. It may block, and is called on Dispatch threads.
    init(key: LoopObjectID, limits: NameCache.Limits, lookUp: @escaping @Sendable (String) -> [SocketAddress]) {
        self.key = key
        self.lookUp = lookUp
        cache = NameCache(limits: limits)
    }

    /// Resolves `host`. For an address literal or a cached name, `answer` is called before this returns.
    ///
    /// - Parameters:
    ///   - newerThan: the generation of an earlier answer whose addresses did not work. Only a newer answer is returned.
    ///   - answer: receives the addresses, or nil when there are none.
    /// - Returns: the handle for ``cancel(_:)``; nil when `answer` has been called.
    func resolve(
        _ host: String, newerThan: UInt64? = nil, on loop: EventLoop, answer: @escaping Callback
    ) -> Handle? {
        if let literal = SocketAddress(literal: host, port: 0) {
            answer(newerThan == nil ? NameCache.Answer(addresses: [literal], generation: 0) : nil)
            return nil
        }
        serial += 1
        let waiter = serial
        callbacks[waiter] = answer
        carryOut(cache.request(host, for: waiter, newerThan: newerThan, now: loop.now), on: loop)
        return callbacks[waiter] == nil ? nil : Handle(waiter: waiter, name: host)
    }

    /// Cancels a request: its callback is not called any more.
    func cancel(_ handle: Handle) {
        callbacks[handle.waiter] = nil
        cache.cancel(handle.waiter, of: handle.name)
    }

    private func carryOut(_ actions: [NameCache.Action], on loop: EventLoop) {
        for action in actions {
            switch action {
            case .answer(let waiter, let answer): callbacks.removeValue(forKey: waiter)?(answer)
            case .fail(let waiter): callbacks.removeValue(forKey: waiter)?(nil)
            case .lookUp(let lookup, let name): startLookup(lookup, of: name, on: loop)
            }
        }
    }

    private func startLookup(_ lookup: NameCache.LookupID, of name: String, on loop: EventLoop) {
        let (handle, key, lookUp) = (loop.handle, key, lookUp)
        // A queue for each lookup, because the global queues have too few threads for many that block. Its quality of service
        // differs from that of the event loops, so that lookups never take their threads.
        DispatchQueue(label: "latchkey.lookup", qos: .utility).async {
            let addresses = lookUp(name)
            handle.submit { loop in (loop.loopObjects[key] as? NameResolver)?.finished(lookup, addresses, on: loop) }
        }
    }

    private func finished(_ lookup: NameCache.LookupID, _ addresses: [SocketAddress], on loop: EventLoop) {
        carryOut(cache.finished(lookup, addresses, now: loop.now), on: loop)
    }
}
