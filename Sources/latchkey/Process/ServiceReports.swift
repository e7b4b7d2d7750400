internal import LatchkeyCore
internal import LatchkeyNet
internal import LatchkeyService
internal import Logging
internal import Synchronization

/// Reports start, reloads and end of the service to the service manager, in this order. Without a service manager it does
/// nothing.
final class ServiceReports: Sendable {
    private let manager: ServiceManager?
    private let log: Logger
    /// What the running service does; nil before the start is reported, and from the end on. It is locked while a message
    /// is sent, so that none is sent after the end.
    private let status = Mutex<String?>(nil)

    init(_ manager: ServiceManager?, log: Logger) {
        self.manager = manager
        self.log = log
    }

    /// Reports that the service runs, and from now on that its event loops do. The last of these reports comes at the
    /// end of the process, so that a drain that hangs is noticed, too.
    func started(_ service: Service) {
        guard let manager else { return }
        status.withLock { status in
            let text = "listening on \(service.addresses.map(\.description).joined(separator: ", "))"
            manager.notify(.ready(status: text), log: log)
            status = text
        }
        guard let watchdogTimeout = manager.watchdogTimeout else { return }
        let watchdog = LoopWatchdog(loops: service.eventLoops, timeout: watchdogTimeout, time: service.time) {
            [log] in
            manager.notify(.watchdog, log: log)
        }
        Task { await watchdog.run() }
    }

    /// Reports the beginning or the end of a reload of the running service.
    @Sendable func reload(_ phase: Reloader.Phase) {
        status.withLock { status in
            guard let status else { return }
            switch phase {
            case .began: manager?.notify(.reloading, log: log)
            case .ended: manager?.notify(.ready(status: status), log: log)
            }
        }
    }

    /// Reports that the service stops.
    func stopping() {
        status.withLock { status in
            status = nil
            manager?.notify(.stopping(status: "finishing requests"), log: log)
        }
    }
}
