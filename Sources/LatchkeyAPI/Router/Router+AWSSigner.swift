internal import LatchkeyAWS
internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyMetrics

// Who has signed a request to `POST /`: from the head all but the signature, and the signature once the body is complete.
extension Router {
    /// Finds the signer that the request claims, and checks everything but the signature itself. Until that is verified,
    /// the request has no caller: anybody can claim an id.
    func authorizeSigner(_ request: inout APIRequest) throws(Refusal) {
        let context = request.context
        let target = target(context)
        do throws(AWSProtocolError) {
            let message = SignableRequest(context)
            let signature: SignatureVerification
            do throws(AWSProtocolError) {
                signature = try SignatureVerification(message)
            } catch {
                noteUnknownCaller(&request, context.head.authorization.isPresent ? .malformed : .missing)
                throw error
            }
            let signer = keys.ring.signer(named: signature.accessKeyID) { services.time.now().wall }
            var known: AuthenticatedCaller?
            if case .caller(let caller) = signer.caller { known = caller }
            do throws(AWSProtocolError) {
                try signature.checkHead(
                    message, isKnown: known != nil, service: SignedHead.service(target, signature),
                    now: services.time.now().wall)
            } catch {
                if case .expired = signer.caller {
                    noteUnknownCaller(&request, .expired, claiming: signature.accessKeyID)
                } else {
                    noteUnknownCaller(&request, .unknown, claiming: signature.accessKeyID)
                }
                throw error
            }
            request.ensureDetails().signedHead = SignedHead(
                target, signature, secrets: signer.secrets, claimed: known)
        } catch {
            throw .aws(error, target.service ?? .parameterStore)
        }
    }

    /// Refuses a body of known length that is over the limit.
    func limitSignedBody(_ request: borrowing APIRequest) throws(Refusal) {
        guard let length = request.context.head.contentLength, length > ServerLimits.signedBodyBytes else { return }
        request.context.isUnauthenticated = true
        let problem = Problem(413, .payloadTooLarge, "the body is over \(ServerLimits.signedBodyBytes) bytes")
        throw .aws(
            AWSProtocolError(problem), request.credentials.details?.signedHead?.target.service ?? .parameterStore)
    }

    /// Verifies the signature over head and body, and then takes the signer as the caller.
    func verifySignature(_ request: inout APIRequest) throws(AWSProtocolError) -> AWSTarget {
        guard let head = request.credentials.details?.signedHead else { throw SignatureVerification.unknownKey }
        do throws(AWSProtocolError) {
            try head.signature.verify(
                SignableRequest(request.context), secrets: head.secrets, keys: keys.signingKeys,
                now: services.time.now().wall)
        } catch {
            noteUnknownCaller(&request, .unknown, claiming: head.signature.accessKeyID)
            throw error
        }
        request.credentials.caller = head.claimed
        guard case .signed(let scope) = request.entry.access, let caller = head.claimed, caller.opens(scope) else {
            noteMissingScope(&request)
            throw .denied(callerID(request), "this operation", "its key does not open secrets")
        }
        return head.target
    }
}
