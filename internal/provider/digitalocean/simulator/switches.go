package simulator

import "slices"

// Switches decide what no document does. The zero value of each is its first setting.
type Switches struct {
	// Paging of lists: none, or 200 as asked with links, or 20 whatever was asked with
	// links, or 20 without a word about it.
	Paging Paging
	// HideSettings leaves settings out of what is read; only changes answer them.
	HideSettings bool
	// HideRole leaves the role out.
	HideRole bool
	// ReadonlyIsPrimary is the role of do-readonly on mongodb.
	ReadonlyIsPrimary bool
	// OtherWords spells permissions as they have been seen and not as documented.
	OtherWords bool
	// NewRuleIDs gives every rule another id at each change.
	NewRuleIDs bool
	// MergeRules keeps the rules that a PUT leaves out.
	MergeRules bool
	// KeepPoolUser keeps the user of a pool when a PUT has none.
	KeepPoolUser bool
	// PutAnswers200 is 200 in place of 201 for a change of settings.
	PutAnswers200 bool
	// HideNewPassword leaves the password out of the answer to reset_auth and create,
	// unless the token may view credentials.
	HideNewPassword bool
	// DeleteOwner is the status for a user of pg that owns objects.
	DeleteOwner OwnerStatus
	// DeletePooled says what becomes of a user that a pool names.
	DeletePooled Pooled
	// DeleteProtected422 is 422 in place of 403 for a built-in user.
	DeleteProtected422 bool
	// MongoPut500 is 500 in place of 501 for a change of mongodb's settings.
	MongoPut500 bool
	// Caching is the answer to reading or deleting users of redis and valkey.
	Caching Caching
	// Overlap answers 500 to two changes of users on one cluster of mongodb at a time.
	Overlap bool
	// Lag is what is seen too late.
	Lag Lag
}

// Paging is how lists are cut.
type Paging int

// The kinds of paging.
const (
	WholeLists Paging = iota
	PagesAsAsked
	PagesOf20
	SilentPagesOf20
)

// OwnerStatus is a status.
type OwnerStatus int

func (o OwnerStatus) status() int {
	if o == 0 {
		return 412
	}
	return int(o)
}

// Pooled is what DELETE does to a user that a pool names.
type Pooled int

// The answers.
const (
	PooledRefused Pooled = iota
	PoolDangles
)

// Caching is the answer about users of redis and valkey.
type Caching int

// The answers.
const (
	Caching500 Caching = iota
	Caching404
	CachingList
)

// Lag is what is seen too late, by lagReads readings.
type Lag int

// The lags.
const (
	NoLag Lag = iota
	// LagCreated: a new user is not there yet.
	LagCreated
	// LagDeleted: a deleted user is still there.
	LagDeleted
	// LagCluster: the users of a cluster that is online are "cluster not found".
	LagCluster
)

const lagReads = 2

// Setting is one setting of one switch, with all others at their first.
type Setting struct {
	Name string
	Switches
	// Engines are those to which the switch makes a difference; all when empty.
	Engines []string
}

// Concerns reports whether the switch makes a difference to an engine.
func (s Setting) Concerns(engine string) bool {
	return len(s.Engines) == 0 || slices.Contains(s.Engines, engine)
}

// Settings are all settings of all switches, for tests that go through them.
func Settings() []Setting {
	return []Setting{
		{"first settings", Switches{}, nil},
		{"pages as asked", Switches{Paging: PagesAsAsked}, nil},
		{"pages of 20", Switches{Paging: PagesOf20}, nil},
		{"pages of 20 without a word", Switches{Paging: SilentPagesOf20}, nil},
		{"settings are hidden", Switches{HideSettings: true}, nil},
		{"roles are hidden", Switches{HideRole: true}, nil},
		{"do-readonly is primary", Switches{ReadonlyIsPrimary: true}, []string{"mongodb"}},
		{"permissions in other words", Switches{OtherWords: true}, []string{"kafka", "opensearch"}},
		{"rules get new ids", Switches{NewRuleIDs: true}, []string{"kafka"}},
		{"PUT merges rules", Switches{MergeRules: true}, []string{"kafka", "opensearch"}},
		{"PUT keeps the user of a pool", Switches{KeepPoolUser: true}, []string{"pg"}},
		{"PUT answers 200", Switches{PutAnswers200: true}, []string{"pg", "kafka", "opensearch"}},
		{"new passwords are hidden", Switches{HideNewPassword: true}, nil},
		{"an owner is refused by 422", Switches{DeleteOwner: 422}, []string{"pg", "mysql"}},
		{"an owner is refused by 409", Switches{DeleteOwner: 409}, []string{"pg", "mysql"}},
		{"an owner is refused by 500", Switches{DeleteOwner: 500}, []string{"pg", "mysql"}},
		{"a pool is left dangling", Switches{DeletePooled: PoolDangles}, []string{"pg"}},
		{"a built-in user is refused by 422", Switches{DeleteProtected422: true}, []string{"pg", "mongodb"}},
		{"mongodb answers 500 to PUT", Switches{MongoPut500: true}, []string{"mongodb"}},
		{"caching answers 404", Switches{Caching: Caching404}, []string{"pg"}},
		{"caching lists default", Switches{Caching: CachingList}, []string{"pg"}},
		{"changes may not overlap", Switches{Overlap: true}, []string{"mongodb"}},
		{"a new user is seen late", Switches{Lag: LagCreated}, nil},
		{"a deleted user is seen longer", Switches{Lag: LagDeleted}, nil},
		{"a cluster is found late", Switches{Lag: LagCluster}, nil},
	}
}
