import Domain

/// One request as it is handed to a ``Transport``.
public struct HTTPRequest: Sendable {
    public enum Method: String, Hashable, Sendable, CaseIterable {
        case get = "GET"
        case post = "POST"
        case patch = "PATCH"
        case delete = "DELETE"

        /// True for what may be sent again without harm.
        public var isRead: Bool { self == .get }
    }

    public var method: Method
    /// Scheme, host and whatever stands in front of every path, without a slash at its end.
    public var baseURL: String
    /// Path and query, percent-encoded, with a slash at its beginning: `/zones/0a1b/client_certificates?page=2`.
    public var target: String
    /// Without `Authorization`, `Host` and `Content-Length`.
    public var headers: [HTTPHeader]
    /// The token of the header `Authorization: Bearer …`.
    public var token: Secret?
    /// nil for a request without a body.
    public var body: [UInt8]?
    /// The time for the connection to stand.
    public var connectTimeout: Duration
    /// The time for all of it, to the last byte of the answer.
    public var totalTimeout: Duration
    /// A body that is longer is refused while it comes.
    public var answerLimitBytes: Int

    public init(
        method: Method, baseURL: String, target: String, headers: [HTTPHeader] = [], token: Secret? = nil,
        body: [UInt8]? = nil, connectTimeout: Duration = .seconds(10), totalTimeout: Duration = .seconds(60),
        answerLimitBytes: Int = 8 << 20
    ) {
        (self.method, self.baseURL, self.target, self.headers) = (method, baseURL, target, headers)
        (self.token, self.body, self.connectTimeout) = (token, body, connectTimeout)
        (self.totalTimeout, self.answerLimitBytes) = (totalTimeout, answerLimitBytes)
    }

    public var url: String { baseURL + target }
}

/// One answer, whole.
public struct HTTPResponse: Hashable, Sendable {
    public var status: Int
    /// In the order in which they came; a name may come several times.
    public var headers: [HTTPHeader]
    public var body: [UInt8]

    public init(status: Int, headers: [HTTPHeader] = [], body: [UInt8] = []) {
        (self.status, self.headers, self.body) = (status, headers, body)
    }

    /// The first header of this name, whatever its capitals.
    public func header(_ name: String) -> String? { headers(name).first }

    /// All headers of this name, whatever its capitals.
    public func headers(_ name: String) -> [String] {
        let name = name.lowercased()
        return headers.filter { $0.name.lowercased() == name }.map(\.value)
    }
}

public struct HTTPHeader: Hashable, Sendable {
    public var name: String
    public var value: String
    public init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
}
