/// How many advanced packs a zone may have, and has, as Cloudflare says.
public struct PackQuota: Hashable, Sendable {
    public var allocated: Int
    public var used: Int

    public init(allocated: Int, used: Int) { (self.allocated, self.used) = (allocated, used) }

    /// Whether the figures say anything about the room for one more. A zone that may have none lacks something else
    /// (Advanced Certificate Manager), which the answer to an order names better than a figure does.
    public var isTelling: Bool { allocated > 0 && used >= 0 }
}
