/// Guesses what a mistyped word was meant to be.
public enum Suggestion {
    /// The nearest of `words`; nil when none is near: up to a third of the letters may be wrong, and two always.
    public static func nearest(to word: String, among words: [String]) -> String? {
        let typed = Array(word.lowercased().replacingHyphens.utf8.prefix(longest + 1))
        guard !typed.isEmpty, typed.count <= longest else { return nil }
        var best: (word: String, distance: Int)?
        for candidate in words {
            let letters = Array(candidate.lowercased().replacingHyphens.utf8)
            let distance = distance(from: typed, to: letters)
            let bound = min(max(2, letters.count / 3), letters.count - 1)
            if distance <= bound, distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        return best?.word
    }

    private static let longest = 64

    /// How many letters have to be put in, taken out, exchanged, or swapped with their neighbour.
    static func distance(from left: [UInt8], to right: [UInt8]) -> Int {
        var before: [Int] = []
        var last = Array(0...right.count)
        for row in left.indices {
            var now = [row + 1]
            for column in right.indices {
                let isSame = left[row] == right[column]
                var cost = min(last[column] + (isSame ? 0 : 1), last[column + 1] + 1, now[column] + 1)
                if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                    cost = min(cost, before[column - 1] + 1)
                }
                now.append(cost)
            }
            (before, last) = (last, now)
        }
        return last[right.count]
    }
}

extension String {
    /// `look-every` is taken for `look_every`.
    fileprivate var replacingHyphens: String { String(map { $0 == "-" ? "_" : $0 }) }
}
