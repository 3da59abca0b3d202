package store

import (
	"errors"
	"fmt"

	"github.com/severhq/sever/internal/access"
)

// What a caller may want to tell apart.
var (
	// ErrNotFound says that there is no such record.
	ErrNotFound = errors.New("there is no such record")

	// ErrLaneBusy says that another holder kept the lane for the whole wait.
	ErrLaneBusy = errors.New("the lane is busy")
	// ErrLaneLost says that the connection which held the lane is gone, and the
	// lock with it. Nothing may be changed any more under this lock.
	ErrLaneLost = errors.New("the lock of the lane is lost")

	// ErrNotPlanned says that no plan in force allows the step to begin.
	ErrNotPlanned = errors.New("no approved plan allows this step")
	// ErrStepOver says that the step has ended; another plan may have it again.
	ErrStepOver = errors.New("the step is over")
	// ErrDecided says that the plan was decided otherwise before.
	ErrDecided = errors.New("the plan is decided already")
	// ErrCaseClosed says that the case has ended otherwise before.
	ErrCaseClosed = errors.New("the case is closed already")

	// Of connecting and migrating.
	ErrUnreachable = errors.New("no server answers")
	ErrPassword    = errors.New("the server refuses the password")
	ErrNoDatabase  = errors.New("the database does not exist")
	ErrNoRole      = errors.New("the application's role does not exist")
	ErrSameRole    = errors.New("the application must not be the owner of its tables")
	ErrNotMigrated = errors.New("the database is not migrated to this version")
	ErrNewerSchema = errors.New("the database was migrated by a newer version")
	ErrDirty       = errors.New("a migration failed")
	ErrPrivileged  = errors.New("the role could change the audit trail")
)

// OpenCaseError says that the principal has an open case, which the new one would
// have to join.
type OpenCaseError struct {
	Principal access.PrincipalID
	CaseID    string // the open one
}

func (e *OpenCaseError) Error() string {
	return fmt.Sprintf("principal %s has an open case: %s", e.Principal, e.CaseID)
}

// KeyReusedError says that an idempotency key was used for somebody else before.
type KeyReusedError struct {
	Key       string
	CaseID    string
	Principal access.PrincipalID
}

func (e *KeyReusedError) Error() string {
	return fmt.Sprintf("the key %q was used before, for principal %s (case %s)", e.Key, e.Principal, e.CaseID)
}
