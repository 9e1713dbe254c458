/// What this program calls itself: to Cloudflare, to the journal and to people.
public enum Edgecert {
    /// Semantic versioning.
    public static let version = "0.1.0"
}
