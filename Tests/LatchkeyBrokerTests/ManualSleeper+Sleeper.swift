import LatchkeyBroker
import LatchkeyTestSupport

extension ManualSleeper {
    /// The sleeper as the broker takes it.
    var sleeper: Sleeper { Sleeper { await self.sleep(until: $0) } }
}
