import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import LatchkeyUpstream

/// A fleet of brokers, a store and an issuer on a virtual clock. The seed decides everything that happens.
package struct World {
    enum Event {
        case start(Int)
        case call(Int)
        case crash(Int)
        case jump(Int)
        /// A resource server rejects a token of a broker.
        case rejected(Int, life: Int, String)
        /// The pause of a refresh ends.
        case paused(Int, life: Int, step: Int)
        case storeRead(Int, life: Int, step: Int, StoreCall)
        case storeReadBack(Int, life: Int, step: Int, Result<SharedTokenSnapshot, UpstreamFault>)
        case storeClaim(Int, life: Int, step: Int, StoreCall, LeaseClaim)
        case storeClaimBack(Int, life: Int, step: Int, Result<Bool, UpstreamFault>)
        case issuer(Int, life: Int, step: Int, deadline: MonotonicTime)
        case issuerBack(Int, life: Int, step: Int, Result<String, UpstreamFault>)
        case storeWrite(Int, life: Int, StoreRequest, StoreCall)
        case storeWriteBack(Int, life: Int, StoreRequest, UpstreamFault?)
        case writeAgain(Int, life: Int, Int)
        case giveUp(Int, life: Int)
    }

    /// One call of the AWS client, including retries.
    struct StoreCall {
        var attempt = 1
        let deadline: MonotonicTime
    }

    let scenario: Scenario
    var random: SeededGenerator
    var events = EventQueue<Event>()
    var brokers: [SimulatedBroker] = []
    var store: StoreModel
    var now = MonotonicTime(nanoseconds: 1_000_000_000_000)
    let start: MonotonicTime
    let buffer = ExpiryBuffer.standard
    let limits: TokenRefresh.Limits
    var report = Report()
    var tokens = 0
    var hasKilledHolder = false

    package init(_ scenario: Scenario, seed: UInt64) {
        self.scenario = scenario
        random = SeededGenerator(seed: seed)
        store = StoreModel(scenario)
        start = now
        limits = TokenRefresh.Limits(timeout: scenario.timeout)
    }

    /// Runs the scenario to its end.
    package static func run(_ scenario: Scenario, seed: UInt64) -> Report {
        var world = World(scenario, seed: seed)
        world.populate()
        let end = world.start + scenario.duration
        // Refreshes that are in progress at the end get the time to end.
        let settled = end + scenario.timeout * 4
        while let (time, event) = world.events.next(), time <= settled {
            world.now = time
            world.report.events += 1
            world.handle(event, isOver: time > end)
        }
        world.judge()
        return world.report
    }

    var randomUnit: Double { mutating get { Double.random(in: 0..<1, using: &random) } }

    mutating func random(_ range: ClosedRange<Double>) -> Duration {
        .seconds(Double.random(in: range, using: &random))
    }

    /// The clocks of broker `index`.
    func clock(_ index: Int) -> Now {
        Now(monotonic: now, wall: truth.wall + brokers[index].skew)
    }

    /// The clocks of the store.
    var truth: Now {
        Now(monotonic: now, wall: WallTime(milliseconds: 1_700_000_000_000 + now.nanoseconds / 1_000_000))
    }

    /// The bounds of the store's clock that an answer gives a broker.
    func storeClock(_ index: Int) -> ClockBounds {
        let local = clock(index).wall
        let maxLatency = Duration.seconds(scenario.storeLatency.upperBound)
        return ClockBounds(
            date: WallTime(seconds: truth.wall.seconds), sent: local + (.zero - maxLatency),
            received: local + maxLatency)
    }

    /// Whether the broker's wall clock was set while an answer that arrives now was in transit.
    func hasJustJumped(_ index: Int) -> Bool {
        brokers[index].jumped.map { now - $0 <= .seconds(scenario.storeLatency.upperBound * 2) } ?? false
    }

    private mutating func populate() {
        for index in 0..<scenario.brokers {
            let skew = scenario.maxSkew * (randomUnit * 2 - 1)
            brokers.append(SimulatedBroker(skew: skew))
            events.put(.start(index), at: now + scenario.startSpread * randomUnit)
        }
        let seconds = Double(scenario.duration.components.seconds)
        for _ in 0..<scenario.crashes {
            let index = Int.random(in: 0..<scenario.brokers, using: &random)
            events.put(.crash(index), at: now + random(0...seconds))
        }
        for _ in 0..<scenario.clockJumps {
            events.put(.jump(Int.random(in: 0..<scenario.brokers, using: &random)), at: now + random(0...seconds))
        }
    }

    private mutating func handle(_ event: Event, isOver: Bool) {
        switch event {
        case .start(let index):
            guard !brokers[index].isUp, !isOver else { return }
            brokers[index].isUp = true
            events.put(.call(index), at: now)
        case .call(let index):
            guard brokers[index].isUp, !isOver else { return }
            call(index)
        case .crash(let index): crash(index)
        case .rejected(let index, let life, let text):
            guard brokers[index].life == life else { return }
            reject(index, text)
        case .jump(let index):
            brokers[index].skew = scenario.maxSkew * (randomUnit * 2 - 1)
            brokers[index].jumped = now
        case .giveUp(let index, let life):
            guard brokers[index].life == life else { return }
            giveUp(index)
        case .storeWrite, .storeWriteBack, .writeAgain: handleWrite(event)
        default: handleRefresh(event)
        }
    }

    /// Kills a broker. Its memory is lost; its requests still arrive.
    mutating func crash(_ index: Int) {
        guard brokers[index].isUp else { return }
        let old = brokers[index]
        brokers[index] = SimulatedBroker(life: old.life + 1, skew: old.skew)
        brokers[index].hasHadToken = old.hasHadToken
        events.put(.start(index), at: now + random(0.1...5))
    }

    private mutating func judge() {
        report.storeReads = store.readsSeen
        report.storeReadsThrottled = store.readsThrottled
        report.storeWrites = store.writesSeen
        report.storeWritesThrottled = store.writesThrottled
        for (index, broker) in brokers.enumerated() {
            if broker.firstCall != nil, !broker.hasHadToken { report.withoutToken += 1 }
            if !broker.waiters.isEmpty { report.violations.append("broker \(index) left callers without an answer") }
            if let running = broker.running {
                report.violations.append("broker \(index) never ended its \(running.reason) running")
            }
        }
    }
}
