package import LatchkeyCore

/// What the screen shows, and the choices of the user.
package struct TopModel: Sendable {
    package var brokers: [WatchedBroker]
    package var sort = TopSort.rate
    package var isReversed = false
    /// The broker whose figures are shown; nil for all together.
    package var selected: Int?
    package var isPaused = false
    package var isHelp = false
    /// Whether the user wants to leave.
    package private(set) var isOver = false
    /// Seconds between two readings.
    package let interval: Int
    package var now: WallTime

    package init(urls: [String], interval: Int, now: WallTime) {
        brokers = urls.map { WatchedBroker(url: $0) }
        self.interval = interval
        self.now = now
    }

    /// The brokers whose figures are shown.
    package var shown: [WatchedBroker] {
        guard let selected, brokers.indices.contains(selected) else { return brokers }
        return [brokers[selected]]
    }

    /// Does what a key asks for.
    package mutating func press(_ key: TopKey) {
        switch key {
        case .character("q"), .character("Q"), .interrupt: isOver = true
        case .character("s"): sort = sort.next
        case .character("n"): sort = .name
        case .character("t"): sort = .rate
        case .character("l"): sort = .latency
        case .character("e"): sort = .errors
        case .character("r"): isReversed.toggle()
        case .character("p"), .character(" "): isPaused.toggle()
        case .character("?"), .character("h"): isHelp.toggle()
        case .character("a"): selected = nil
        case .tab, .down, .right: select(by: 1)
        case .backTab, .up, .left: select(by: -1)
        case .character(let character):
            if let digit = character.wholeNumberValue, digit >= 1, digit <= brokers.count { selected = digit - 1 }
        case .suspend: break
        }
    }

    /// All together, then each broker, then all together again.
    private mutating func select(by step: Int) {
        guard brokers.count > 1 else { return }
        let places = brokers.count + 1
        let place = ((selected.map { $0 + 1 } ?? 0) + step + places) % places
        selected = place == 0 ? nil : place - 1
    }
}
