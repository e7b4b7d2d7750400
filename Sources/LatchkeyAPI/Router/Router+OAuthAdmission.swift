internal import LatchkeyBroker
internal import LatchkeyHTTP
internal import LatchkeyMetrics

extension Router {
    /// Authenticates an OAuth client from the head if it has Basic credentials. Else they are in the first bytes of the
    /// body.
    func oauthAdmission(_ context: RequestContext, _ call: Call) -> BodyAdmission {
        do throws(OAuthError) {
            do throws(Problem) {
                _ = try RequestQuery(context.slice(context.head.query), allowed: call.entry.query)
            } catch {
                throw OAuthError(error)
            }
            let client = OAuthClient(basic: context.slice(context.head.authorization))
            // Another scheme does not identify the client. Together with credentials in the body it is an error.
            guard case .presented = client else {
                return .keep(limit: .max, identifyWithin: ServerLimits.unauthenticatedBodyBytes)
            }
            try allow(caller(client, context), call.entry)
            return .keep(limit: .max, identifyWithin: nil)
        } catch {
            refuse(context, call, error)
            return .answered
        }
    }

    /// Looks for valid credentials in the first part of a longer body.
    func identifyClient(_ context: RequestContext, _ call: Call) -> Bool {
        let type = context.head.contentType
        let contentType = type.isPresent ? type.text(of: context.bytes) : nil
        let none: UnsafeRawBufferPointer? = nil
        do throws(OAuthError) {
            let request = try OAuthTokenRequest(
                contentType: contentType, authorization: none, body: OAuthBodyPrefix.closed(context.body))
            if case .absent = request.client {
                context.isUnauthenticated = true
                services.metrics.authFailure(.missing)
                throw OAuthError(
                    Problem(
                        413, .payloadTooLarge,
                        "client_id and client_secret must stand in the first \(ServerLimits.unauthenticatedBodyBytes) bytes"
                    ))
            }
            try allow(caller(request.client, context), call.entry)
            return true
        } catch {
            context.isUnauthenticated = true
            refuse(context, call, error)
            return false
        }
    }

    private func refuse(_ context: RequestContext, _ call: Call, _ error: OAuthError) {
        error.write(requestID: ids.text(context.slice(context.head.requestID)), to: context.reply)
        recordAnswer(context, call)
    }
}
