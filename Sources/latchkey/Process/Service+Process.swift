internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyNet
internal import LatchkeyService
internal import LatchkeySettings
internal import Logging

extension Service {
    /// Starts the service; an address that cannot be listened on is a matter of configuration.
    static func start(_ settings: Settings, log: Logger, sink: LogSink) throws -> Service {
        do {
            return try Service.start(
                settings, log: log, requests: CommandEnvironment.requestLog(settings, sink: sink))
        } catch let error as HTTPServer.StartError {
            let place = error.address.map { "\($0)" } ?? "LATCHKEY_LISTEN"
            let advice =
                error.cause.isAddressInUse
                ? "; another process listens there"
                : error.cause.isPathTaken
                    ? "; what is there is not a socket and was left alone: remove it or listen elsewhere" : ""
            throw CommandFailure(.configuration, "cannot listen on \(place): \(error.cause)\(advice)")
        }
    }

    /// Stops as SIGTERM asks for. For `LATCHKEY_DRAIN_DELAY` connections are still accepted and kept, and `/readyz` is 503,
    /// so that load balancers look elsewhere before a connection is refused. Then ``stop(within:)``, in what is left of
    /// `LATCHKEY_DRAIN_TIMEOUT`.
    ///
    /// - Parameter signals: a further SIGTERM or SIGINT ends the delay.
    func stop(delayEndedBy signals: Signals, log: Logger) async {
        let asked = time.now().monotonic
        if drainDelay > .zero {
            announceStop()
            log.notice(
                "not ready any more; connections are still accepted",
                metadata: ["seconds": "\(drainDelay.components.seconds)"])
            await signals.wait(until: asked + drainDelay, log: log)
        }
        await stop(within: max(.zero, drainTimeout - (time.now().monotonic - asked)))
    }
}
