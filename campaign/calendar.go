package campaign

// Calendar is when a campaign starts and stops by itself. Strings are kept as
// the user wrote them once Validate has accepted them; "" means the rule is
// not set.
type Calendar struct {
	Mode           int    // 1 = on, 0 = off
	Zone           string // IANA name, "" = UTC
	TimeStart      string // hh:mm:ss
	TimeEnd        string // hh:mm:ss, exclusive
	DateStart      string // YYYY-MM-DD, inclusive
	DateEnd        string // YYYY-MM-DD, inclusive
	DateList       string // YYYY-MM-DD, YYYY-MM-DD, ...
	DateListExcept string
	DayList        string // 0 (Sunday) to 6, comma separated
}
