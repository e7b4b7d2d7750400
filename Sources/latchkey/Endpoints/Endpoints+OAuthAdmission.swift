internal import LatchkeyBroker
internal import LatchkeyHTTP
internal import LatchkeyMetrics

// Who an OAuth client is, as early as it can be told.

extension Endpoints {
    /// With Basic credentials the caller is known at the head. Without, they stand in the first bytes of the body.
    func oauthAdmission(_ exchange: RequestContext, _ call: Call) -> BodyAdmission {
        do throws(OAuthError) {
            do throws(Problem) {
                _ = try RequestQuery(exchange.slice(exchange.head.query), allowed: call.entry.query)
            } catch {
                throw OAuthError(error)
            }
            let client = OAuthClient(basic: exchange.slice(exchange.head.authorization))
            // Another scheme than Basic tells nothing of the client, and beside credentials in the body it is one too many.
            guard case .presented = client else {
                return .keep(limit: .max, callerWithin: ServerLimits.unknownCallerBodyBytes)
            }
            try allow(caller(client, exchange), call.entry)
            return .keep(limit: .max, callerWithin: nil)
        } catch {
            refuse(exchange, call, error)
            return .answered
        }
    }

    /// Looks for a valid client in the first part of a body that is longer.
    func identifyClient(_ exchange: RequestContext, _ call: Call) -> Bool {
        let type = exchange.head.contentType
        let contentType = type.isPresent ? type.text(of: exchange.bytes) : nil
        let none: UnsafeRawBufferPointer? = nil
        do throws(OAuthError) {
            let request = try OAuthTokenRequest(
                contentType: contentType, authorization: none, body: OAuthBodyStart.whole(exchange.body))
            if case .absent = request.client {
                exchange.callerIsUnknown = true
                services.metrics.authFailure(.missing)
                throw OAuthError(
                    Problem(
                        413, .payloadTooLarge,
                        "client_id and client_secret must stand in the first \(ServerLimits.unknownCallerBodyBytes) bytes"
                    ))
            }
            try allow(caller(request.client, exchange), call.entry)
            return true
        } catch {
            exchange.callerIsUnknown = true
            refuse(exchange, call, error)
            return false
        }
    }

    private func refuse(_ exchange: RequestContext, _ call: Call, _ error: OAuthError) {
        Self.write(error, id: ids.text(exchange.slice(exchange.head.requestID)), to: exchange.reply)
        answered(exchange, call)
    }
}
