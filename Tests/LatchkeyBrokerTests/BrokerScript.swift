import LatchkeyBroker
import LatchkeyCore
import LatchkeyTestSupport

/// A tier or store that answers from a list.
typealias BrokerScript<Answer: Sendable> = Script<Answer, UpstreamFault>

extension Script where Failure == UpstreamFault {
    convenience init(_ answers: Result<Answer, UpstreamFault>..., gate: Gate? = nil) {
        self.init(answers, gate: gate, whenEmpty: UpstreamFault(.unavailable, code: "script-is-empty"))
    }
}

extension ManualSleeper {
    /// The product's type for this sleeper.
    var sleeper: Sleeper { Sleeper { await self.sleep(until: $0) } }
}
