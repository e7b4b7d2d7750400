internal import LatchkeyConfine
internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyLog
internal import LatchkeyNet
internal import LatchkeyService
internal import LatchkeySettings
internal import Logging

extension Service {
    /// Starts the service. An address that cannot be listened on is a configuration error.
    ///
    /// - Parameters:
    ///   - confinement: what this process is confined to; nil if it is not.
    ///   - reload: where a reload gets the settings from; nil if there is none.
    static func start(
        _ settings: Settings, confinement: ConfinementState?, log: Logger, sink: LogSink, reload: ReloadSource? = nil
    ) throws -> Service {
        do {
            return try Service.start(
                settings, confinement: confinement, log: log,
                requests: CommandEnvironment.requestLog(settings, sink: sink), reload: reload)
        } catch let error as HTTPServer.StartError {
            guard let address = error.address else {
                throw CommandFailure(.configuration, "cannot start a worker: \(error.cause)")
            }
            let advice = advice(error.cause, on: address)
            throw CommandFailure(.configuration, "cannot listen on \(address): \(error.cause)\(advice)")
        }
    }

    private static func advice(_ cause: SystemError, on address: SocketAddress) -> String {
        if cause.isAddressInUse {
            guard case .unix = address else { return "; another process listens there" }
            return "; another process listens there: stop it, or set LATCHKEY_UNIX_TAKEOVER=true to replace it"
        }
        if cause.isPathTaken {
            return "; the file there is not a socket and was not changed: remove it or listen elsewhere"
        }
        if cause.call == "chown", cause.isPermissionDenied {
            return "; LATCHKEY_UNIX_OWNER: only root may name another user, others a group that they are in"
        }
        return ""
    }

    /// Stops the service after SIGTERM. During `LATCHKEY_DRAIN_DELAY` connections are still accepted and `/readyz`
    /// answers 503, so that load balancers remove the broker before a connection is refused. Then calls
    /// ``stop(within:)`` with the rest of `LATCHKEY_DRAIN_TIMEOUT`.
    ///
    /// - Parameter signals: another SIGTERM or SIGINT ends the delay.
    func stop(delayEndedBy signals: Signals, log: Logger) async {
        let asked = time.now().monotonic
        if drainDelay > .zero {
            announceStop()
            log.notice(
                .stopDelayed,
                "stopping: /readyz answers 503 from now on, and connections are still accepted",
                metadata: ["seconds": "\(drainDelay.components.seconds)"])
            await signals.wait(until: asked + drainDelay, log: log)
        }
        await stop(within: max(.zero, drainTimeout - (time.now().monotonic - asked)))
    }
}
