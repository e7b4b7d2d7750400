internal import LatchkeyCore
internal import LatchkeyHTTP

extension HTTPFields {
    /// The sender's clock when it made the message (`Date`, RFC 9110 §6.6.1).
    var date: WallTime? { self["Date"].flatMap { HTTPDate.parse($0) } }
}
