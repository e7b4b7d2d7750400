internal import Glibc
internal import LatchkeyCore
internal import LatchkeyNet
internal import LatchkeyService
internal import Logging

extension ServiceManager {
    /// The service manager that started this process; nil if none waits for messages. An address that cannot be used is
    /// logged.
    static func ofProcess(log: Logger) -> ServiceManager? {
        do throws(SystemError) {
            return try ServiceManager(environment: CommandEnvironment.variables, process: getpid())
        } catch {
            log.warning("the service manager gets no messages: \(error)")
            return nil
        }
    }

    /// Sends a message. A failure is logged.
    func notify(_ state: State, log: Logger) {
        do throws(SystemError) {
            try notify(state)
        } catch {
            log.warning("the service manager did not get a message: \(error)")
        }
    }

    /// Reports that the service runs, and from now on that its event loops do. The last of these reports comes at the
    /// end of the process, so that a drain that hangs is noticed, too.
    func started(_ service: Service, log: Logger) {
        notify(.ready(status: "listening on \(service.addresses.map(\.description).joined(separator: ", "))"), log: log)
        guard let watchdogTimeout else { return }
        let watchdog = LoopWatchdog(loops: service.eventLoops, timeout: watchdogTimeout, time: service.time) {
            self.notify(.watchdog, log: log)
        }
        Task { await watchdog.run() }
    }
}
