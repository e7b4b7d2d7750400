internal import LatchkeyCore

/// Detects torn pairs: a token beside an expiry that belongs to another token.
///
/// Parameter Store cannot write two parameters at once. A writer may therefore stop between its two writes, and two
/// writers may interleave. A JSON Web Token is also checked against its own `exp` (``StoredToken``); an opaque token cannot
/// be.
enum TornPair {
    /// Whether the expiry of an opaque token is so much younger than the token that it may belong to another token, and
    /// would extend this one past its end.
    ///
    /// The limit is half the buffer that the expiry was reduced by. ``AccessToken/writeBy`` accounts for the other
    /// half.
    ///
    /// - Parameter expires: the parsed expiry of the pair.
    static func isInterleaved(_ pair: StoredToken, expires: WallTime, buffer: ExpiryBuffer) -> Bool {
        guard let tokenWritten = pair.tokenWritten, let expiresWritten = pair.expiresWritten,
            expiresWritten > tokenWritten
        else { return false }
        let maxGap = buffer.length(lifetime: expires - tokenWritten) / 2
        return expiresWritten - tokenWritten > maxGap
    }

    /// Whether the expiry is missing or that of an older token, and its writer will not write it any more: the writer's
    /// lease has ended, or it has finished.
    ///
    /// A replica that finds such a pair writes it completely.
    static func isAbandoned(_ snapshot: SharedTokenSnapshot, _ now: Now) -> Bool {
        let now = snapshot.storeTime(now)
        guard let pair = snapshot.pair, let lease = snapshot.lease,
            now.wall >= lease.until || lease.purpose == .conserveQuota
        else { return false }
        return pair.expiryTime.map { $0 <= now.wall } ?? true
    }
}
