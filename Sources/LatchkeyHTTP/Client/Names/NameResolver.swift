internal import Dispatch
internal import LatchkeyCore
internal import LatchkeyNet

/// Carries out what a ``NameCache`` decides: looks names up without holding up the loop.
///
/// Confined to the client's loop. `getaddrinfo` blocks for as long as the system's resolver pleases, so each lookup has
/// a thread of its own that Dispatch provides; ``NameCache/Limits`` bounds them.
final class NameResolver {
    typealias Callback = (NameCache.Answer?) -> Void

    /// Takes a request for addresses back; the callback is not called any more.
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
    ///   - key: where the loop finds this object again.
    ///   - lookUp: gives a name's addresses, blocking; empty where it has none. Called on threads of Dispatch's.
    init(key: LoopObjectID, limits: NameCache.Limits, lookUp: @escaping @Sendable (String) -> [SocketAddress]) {
        self.key = key
        self.lookUp = lookUp
        cache = NameCache(limits: limits)
    }

    /// Gives the addresses of `host`, before it returns for a literal or a known name.
    ///
    /// - Parameters:
    ///   - after: the generation of an earlier answer whose addresses did not work: only a newer answer will do.
    ///   - answer: nil where there is none. May be called before this returns.
    /// - Returns: for ``withdraw(_:)``; nil where the answer has been given.
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

    /// Whoever asked has gone.
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
        // A queue of its own, since those shared by the process have too few threads for many that block; and of another
        // quality of service than the loops, which so have their threads whatever names do.
        DispatchQueue(label: "latchkey.lookup", qos: .utility).async {
            let addresses = lookUp(name)
            handle.submit { loop in (loop.residents[key] as? NameResolver)?.finished(lookup, addresses, on: loop) }
        }
    }

    private func finished(_ lookup: NameCache.LookupID, _ addresses: [SocketAddress], on loop: EventLoop) {
        carryOut(cache.finished(lookup, addresses, now: loop.now), on: loop)
    }
}
