internal import Glibc
internal import LatchkeyCore
internal import LatchkeyLog
internal import LatchkeyNet
internal import Logging

extension ServiceManager {
    /// The service manager that started this process; nil if none waits for messages. An address that cannot be used is
    /// logged.
    static func ofProcess(log: Logger) -> ServiceManager? {
        do throws(SystemError) {
            return try ServiceManager(environment: CommandEnvironment.variables, process: getpid())
        } catch {
            log.warning(.serviceManagerFailed, "the service manager gets no messages: \(error)")
            return nil
        }
    }

    /// Sends a message. A failure is logged.
    func notify(_ state: State, log: Logger) {
        do throws(SystemError) {
            try notify(state)
        } catch {
            log.warning(.serviceManagerFailed, "the service manager did not get a message: \(error)")
        }
    }
}
