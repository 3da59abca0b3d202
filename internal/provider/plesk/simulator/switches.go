package simulator

// Switches are what is not documented about Plesk. The zero value is the likely one.
type Switches struct {
	// ErrorStatus is the HTTP status of XML answers that are errors; 200 when zero.
	ErrorStatus int
	// UnknownIsEmpty answers ok without an id when get-db-users asks for an id that is
	// not there, in place of error 1013.
	UnknownIsEmpty bool
	// NoFilterID leaves filter-id out of failed results of del-db-user.
	NoFilterID bool
	// UniversalZero gives a universal user the database 0, in place of none.
	UniversalZero bool
	// UniversalListed lists universal users among those of each database they reach.
	UniversalListed bool
	// UniversalOnlyListed leaves them out of the list of all. It implies UniversalListed.
	UniversalOnlyListed bool
	// Default is what becomes of a database whose default user is deleted.
	Default DefaultFate
	// ReuseIDs gives the id of a deleted user to the next new one.
	ReuseIDs bool
	// Lenient takes a filter that is missing for an empty one.
	Lenient bool
	// Output adds an output element with stray text to XML answers.
	Output bool
	// NoVersion leaves the version out of XML answers.
	NoVersion bool
	// NoUnderscores drops headers with underscores in their names, as many proxies do.
	// Keys still work.
	NoUnderscores bool

	// PasswordMin is the server's own policy for passwords; 6 when zero. A refusal quotes
	// the password, so that a client that passes on the words is found out.
	PasswordMin int

	// Forbidden answers 403 to bad credentials for REST, in place of 401.
	Forbidden bool
	// UniversalNull gives universal users "database_id": null in REST; with
	// UniversalZero it is 0, and else absent.
	UniversalNull bool
	// DomainObject gives parent_domain as an object in REST, in place of a number.
	DomainObject bool
	// RESTCreated answers 201 to a user that was made.
	RESTCreated bool
}

// DefaultFate is what becomes of a default user.
type DefaultFate int

// The fates.
const (
	DefaultNone     DefaultFate = iota // the database has none afterwards
	DefaultPromoted                    // the next user becomes it
	DefaultRefused                     // the deletion is refused
)

// Setting is a name for one setting, for tests over all of them.
type Setting struct {
	Name string
	Switches
}

// Settings are every switch in every position, one at a time, and then all of them.
func Settings() []Setting {
	return []Setting{
		{"the likely one", Switches{}},
		{"errors with status 500", Switches{ErrorStatus: 500}},
		{"errors with status 403", Switches{ErrorStatus: 403}},
		{"an unknown id is an empty answer", Switches{UnknownIsEmpty: true}},
		{"failed deletions without filter-id", Switches{NoFilterID: true}},
		{"universal users have database 0", Switches{UniversalZero: true}},
		{"universal users have database null", Switches{UniversalNull: true}},
		{"universal users are listed by database too", Switches{UniversalListed: true}},
		{"universal users are listed by database only", Switches{UniversalOnlyListed: true}},
		{"the next user becomes the default one", Switches{Default: DefaultPromoted}},
		{"default users are not deleted", Switches{Default: DefaultRefused}},
		{"ids are given again", Switches{ReuseIDs: true}},
		{"a missing filter is an empty one", Switches{Lenient: true}},
		{"stray output", Switches{Output: true, NoVersion: true}},
		{"403 for 401", Switches{Forbidden: true}},
		{"domains are objects", Switches{DomainObject: true}},
		{"201 for what was made", Switches{RESTCreated: true}},
		{"everything odd at once", Switches{
			ErrorStatus: 500, UnknownIsEmpty: true, NoFilterID: true, UniversalZero: true, UniversalOnlyListed: true, Default: DefaultRefused,
			ReuseIDs: true, Lenient: true, Output: true, NoVersion: true, Forbidden: true, UniversalNull: true, DomainObject: true, RESTCreated: true,
		}},
	}
}
