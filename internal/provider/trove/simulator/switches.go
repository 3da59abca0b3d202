package simulator

// Switches are behaviours that nobody could check, each with what it may be. The zero
// value is the likeliest.
type Switches struct {
	// RevokeQueued queues revokes and grants too. Rackspace's guide warns of calls that
	// fail after they were accepted; whether its revoke is one of them is not known.
	RevokeQueued bool
	// HARefusal is the status with which changes to an instance of a group for high
	// availability are refused; zero lets them through.
	HARefusal int
	// ReplicaRefusal is the same for replicas. Rackspace blocks them, Trove does not.
	ReplicaRefusal int
	// MarkerTwice unescapes the marker of the user list once more than a query is.
	MarkerTwice bool
	// RootListed lists root once it was enabled, as both references say and as Trove 18
	// does not.
	RootListed bool
	// PostgresHost is the host that accounts on PostgreSQL are shown with: "%", "null",
	// or "none" for no such field.
	PostgresHost string
	// GuestTexts words refusals as Trove after 18 does, which leaves checking to the
	// guest.
	GuestTexts bool
	// ThrottleShape is where a 413 says how long to wait: "seconds" and "date" in the
	// header, "retryAfter" and "retryAt" in the body only, "silent" nowhere.
	ThrottleShape string
	// ErrorShape is what the gateway in front of Rackspace answers for 401 and 403:
	// "fault" for the documented JSON, "keystone" for Keystone's, "html" for a page.
	ErrorShape string
	// MethodRefusal is 404 (seen) or 405 (documented) for methods that do not exist.
	MethodRefusal int
	// ServiceAccounts adds accounts of the hoster's own to each list.
	ServiceAccounts bool

	// How the list of accounts may be cut into pages.

	// PageSize is the most that a page holds: 20 when zero.
	PageSize int
	// LinksKey is the name of the list of links: "links".
	LinksKey string
	// NoNext leaves out the link to the next page.
	NoNext bool
	// IgnoreMarker sends the first page again and again; IgnoreLimit sends everything.
	IgnoreMarker, IgnoreLimit bool
	// EmptyPage sends an empty page that has a successor.
	EmptyPage bool
}

// Switched is one setting of one switch.
type Switched struct {
	Name string
	Switches
	// Rackspace and Postgres are set where the switch is about that face or engine.
	Rackspace, Postgres bool
}

// Settings has every setting of every switch with which a client has to work as if
// nothing were the matter. What it has to refuse (an ignored marker, an empty page)
// is not among them.
func Settings() []Switched {
	return []Switched{
		{Name: "as seen"},
		{Name: "rackspace", Rackspace: true},
		{Name: "revokes are queued", Rackspace: true, Switches: Switches{RevokeQueued: true}},
		{Name: "markers are unescaped twice", Rackspace: true, Switches: Switches{MarkerTwice: true, PageSize: 3}},
		{Name: "root is listed", Switches: Switches{RootListed: true}},
		{Name: "refusals in the words of the guest", Switches: Switches{GuestTexts: true}},
		{Name: "no such method is 405", Switches: Switches{MethodRefusal: 405}},
		{Name: "accounts of the hoster", Rackspace: true, Switches: Switches{ServiceAccounts: true}},
		{Name: "one account on a page", Switches: Switches{PageSize: 1}},
		{Name: "two accounts on a page", Switches: Switches{PageSize: 2}},
		{Name: "links of another name", Switches: Switches{PageSize: 2, LinksKey: "users_links"}},
		{Name: "everything on one page", Switches: Switches{IgnoreLimit: true}},
		{Name: "postgres", Postgres: true},
		{Name: "postgres, the host is null", Postgres: true, Switches: Switches{PostgresHost: "null"}},
		{Name: "postgres without hosts", Postgres: true, Switches: Switches{PostgresHost: "none"}},
		{Name: "throttled in seconds", Switches: Switches{ThrottleShape: "seconds"}},
		{Name: "throttled by a date", Switches: Switches{ThrottleShape: "date"}},
		{Name: "throttled in the body", Switches: Switches{ThrottleShape: "retryAfter"}},
		{Name: "throttled until a time in the body", Switches: Switches{ThrottleShape: "retryAt"}},
		{Name: "throttled without a time", Switches: Switches{ThrottleShape: "silent"}},
		{Name: "errors of the gateway as faults", Rackspace: true, Switches: Switches{ErrorShape: "fault"}},
		{Name: "errors of the gateway as Keystone's", Rackspace: true, Switches: Switches{ErrorShape: "keystone"}},
		{Name: "errors of the gateway as pages", Rackspace: true, Switches: Switches{ErrorShape: "html"}},
	}
}
