/// The AWS JSON 1.1 protocol (Smithy, "AWS JSON 1.1 protocol").
package enum AWSJSON {
    /// The `Content-Type` of requests and responses.
    package static let contentType = "application/x-amz-json-1.1"
}
