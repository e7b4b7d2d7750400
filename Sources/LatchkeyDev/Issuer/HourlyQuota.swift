internal import LatchkeyCore

/// Auth0's token quota of a client, counted in UTC hours.
struct HourlyQuota {
    let limit: Int64
    private var used: Int64 = 0
    private var hour: Int64 = 0

    init(limit: Int64) { self.limit = limit }

    /// Counts one more token. Returns false if the quota of this hour is used up.
    mutating func take(at now: WallTime) -> Bool {
        roll(to: now)
        guard used < limit else { return false }
        used += 1
        return true
    }

    /// The value of `Auth0-Client-Quota-Limit`: bucket, quota, remaining tokens, and seconds to the next hour.
    func field(at now: WallTime) -> String {
        var current = self
        current.roll(to: now)
        return "b=per_hour;q=\(limit);r=\(limit - current.used);t=\(3600 - now.seconds % 3600)"
    }

    private mutating func roll(to now: WallTime) {
        guard hour != now.seconds / 3600 else { return }
        hour = now.seconds / 3600
        used = 0
    }
}
