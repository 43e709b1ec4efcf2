/// When certificates are renewed, and how long to wait after a try that failed.
package enum Renewal {
    /// Two thirds of the way from `notBefore` to `notAfter`, less up to a twentieth of it by the name, so that names that
    /// were certified together do not all come back together.
    ///
    /// A share of the life and never a number of days: there are certificates of six days, and of one hour.
    package static func due(_ notBefore: Timestamp, _ notAfter: Timestamp, name: String) -> Timestamp {
        let life = max(0, notAfter.milliseconds - notBefore.milliseconds)
        let jitter = Int64(Double(life) / 20 * share(of: name))
        return Timestamp(milliseconds: notBefore.milliseconds + life / 3 * 2 - jitter)
    }

    /// How long to wait after so many failures in a row: from a minute to half a day, up to a quarter longer by the name;
    /// never less than the authority asked for.
    ///
    /// - Parameters:
    ///   - failures: 1 after the first.
    ///   - remaining: how long the certificate that there is stays good; a short one is tried again sooner. Nil: there is
    ///     none.
    ///   - asked: what the authority's `Retry-After` says.
    ///   - name: the host name.
    /// - Returns: the time to wait, from the failure on.
    package static func pause(failures: Int, remaining: Duration?, asked: Duration?, name: String) -> Duration {
        let minutes = [1, 2, 5, 15, 60, 180, 360, 720]
        var pause = Duration.seconds(60 * minutes[min(max(failures, 1), minutes.count) - 1])
        if let remaining, remaining > .zero { pause = min(pause, max(.seconds(10), remaining / 8)) }
        pause += .milliseconds(Int64(Double(pause.milliseconds) / 4 * share(of: name)))
        return max(pause, asked ?? .zero)
    }

    /// A number from 0 up to 1 that is the same for a name everywhere.
    ///
    /// > Source: FNV-1a, 32 bit, Fowler/Noll/Vo.
    private static func share(of name: String) -> Double {
        let hash = name.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
        return Double(hash) / 4_294_967_296
    }
}
