internal import LatchkeyBroker
internal import LatchkeyCrypto
internal import Logging

/// Follows the file `LATCHKEY_API_KEY` is read from: a new key is in force within seconds, and the one before it stays
/// good until the next change, so that callers can follow at their own pace. A file that is gone, empty or too weak
/// changes nothing.
struct KeyWatch: Sendable {
    /// Between two looks at the file.
    static let interval: Duration = .seconds(2)

    let settings: Settings
    let keys: LiveKeys
    let log: Logger

    /// Runs until the task is cancelled; returns at once when the key comes from no file.
    func run() async {
        guard settings.sources.given[.apiKey]?.readFrom != nil, var current = settings.apiKey else { return }
        var complained = false
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.interval)
            guard let text = settings.sources.current(.apiKey, readFile: Files.text) else { continue }
            let key = Secret(text)
            if key == current { continue }
            if let weakness = KeyStrength.weakness(of: key, beyondLoopback: settings.isBeyondLoopback) {
                if !complained {
                    log.warning("the new key is not taken", metadata: ["why": "LATCHKEY_API_KEY \(weakness)"])
                }
                complained = true
                continue
            }
            complained = false
            keys.replace(with: KeyRing(keys: [key, current]))
            log.notice("the key has changed; the one before it stays good until the next change")
            current = key
        }
    }
}
