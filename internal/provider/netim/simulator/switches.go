package simulator

import "time"

// Switches say what the documentation of Netim does not. The zero value of each is a
// guess, and no more likely than the others.
type Switches struct {
	// Idle closes a session that was not used for so long: 20 minutes when zero, as in
	// 2017. Places is how many sessions an account has: 10 when zero, as in 2017.
	Idle   time.Duration
	Places int
	// Overflow is what happens to one session too many.
	Overflow Overflow

	// NoOp is the answer to an order that changes nothing: a pair that is not linked, a
	// user that is not there, a link that is there.
	NoOp Answer
	// Refusal is the answer to an order that cannot be carried out. Done is no refusal.
	Refusal Answer
	// Errors is the body of an answer that is no 2xx.
	Errors ErrorBody
	// BareAnswers leaves out the operation that an order is answered with: 200 and no
	// body.
	BareAnswers bool

	// Rounds is how often an operation is seen Pending, by itself or in the list, before
	// it ends. Nothing is carried out before. Settle ends all at once.
	Rounds int
	// Ends is how operations end that were Pending: Done when empty, Failed or Cancelled.
	Ends string
	// Capitals writes states as the older documentation does: DONE.
	Capitals bool
	// TextIDs writes ID_OPE as a string.
	TextIDs bool
	// Forgets answers 404 for an operation that has ended.
	Forgets bool
	// PendingList is what operations/pending/ looks like.
	PendingList PendingList

	// Linked is what deleting a user does that is still linked.
	Linked Linked
	// Links is where the hosting shows which users are linked to which databases.
	Links Links
	// Lists is how DATABASES and DATABASE_USERS are written.
	Lists Lists
	// HideRights leaves internalAccess and externalAccess out of users.
	HideRights bool
	// HideWeb leaves out the number of databases.
	HideWeb bool
	// Untargeted is what DELETE database-user/ does without a body.
	Untargeted Untargeted

	// The names of the actions whose documentation could not be read. LinkUser,
	// SetPassword and SetUserPermission when empty.
	LinkAction, PasswordAction, PermissionAction string

	// PerMinute is how many requests are served in a minute before 429; zero is no limit.
	PerMinute int
	// DropsParallel cuts the second of two requests at once.
	DropsParallel bool
}

// Overflow says what one session too many gets.
type Overflow int

// The settings of Overflow.
const (
	OverflowRefused Overflow = iota
	OverflowDropsOldest
)

// Answer says how an order is answered.
type Answer int

// The settings of NoOp and Refusal.
const (
	AnswerFailed    Answer = iota // 200, and the operation is Failed
	AnswerNotFound                // 404
	AnswerForbidden               // 400
	AnswerDone                    // 200, and the operation is Done
)

// ErrorBody says what stands in an error.
type ErrorBody int

// The settings of Errors.
const (
	ErrorMessage ErrorBody = iota // {"message": ...}
	ErrorEmpty
	ErrorWithCode // {"message": ..., "code": ...}
)

// PendingList says what operations/pending/ answers.
type PendingList int

// The settings of PendingList.
const (
	PendingObjects PendingList = iota // data_ope is an object
	PendingTexts                      // data_ope is JSON in a string
	PendingNoData                     // there is no data_ope
	PendingNone404                    // as PendingObjects, and 404 for none
)

// Linked says what deleting a user does that is still linked.
type Linked int

// The settings of Linked.
const (
	LinkedUnlinks Linked = iota // the links go with it
	LinkedRefuses
	LinkedStays // the links stay
)

// Links says where links are shown.
type Links int

// The settings of Links.
const (
	LinksInDatabases     Links = iota // "users": ["NW1024_ada"]
	LinksInDatabasesAsIs              // "users": [{"username": ...}]
	LinksInUsers                      // "databases": [...]
	LinksInBoth
	LinksHidden
)

// Lists says how lists are written.
type Lists int

// The settings of Lists.
const (
	ListsOfObjects  Lists = iota
	ListsKeyed            // objects keyed by name, with the name inside too
	ListsKeyedOnly        // objects keyed by name, without the name inside
	ListsKeyedByNum       // objects keyed "1", "2", ...: an array of PHP with a hole
)

// Untargeted says what a delete does that names nobody.
type Untargeted int

// The settings of Untargeted.
const (
	UntargetedRefused Untargeted = iota
	UntargetedDeletesAll
)

func (s Switches) filled() Switches {
	if s.Idle == 0 {
		s.Idle = 20 * time.Minute
	}
	if s.Places == 0 {
		s.Places = 10
	}
	if s.Ends == "" {
		s.Ends = done
	}
	if s.LinkAction == "" {
		s.LinkAction = "LinkUser"
	}
	if s.PasswordAction == "" {
		s.PasswordAction = "SetPassword"
	}
	if s.PermissionAction == "" {
		s.PermissionAction = "SetUserPermission"
	}
	return s
}
