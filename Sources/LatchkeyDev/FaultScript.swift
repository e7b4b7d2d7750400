/// The faults that tests have injected, by service.
struct FaultScript {
    private var queued: [EmulatedService: [DevFault]] = [:]
    private var held: [EmulatedService: DevFault] = [:]

    mutating func queue(_ faults: [DevFault], for service: EmulatedService) { queued[service, default: []] += faults }

    mutating func hold(_ fault: DevFault?, for service: EmulatedService) { held[service] = fault }

    /// The fault for the next request: each queued fault once, then the held one.
    mutating func next(for service: EmulatedService) -> DevFault? {
        if let first = queued[service]?.first {
            queued[service]?.removeFirst()
            return first
        }
        return held[service]
    }
}
