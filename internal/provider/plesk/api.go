package plesk

import (
	"context"
	"errors"
)

// userID and databaseID are Plesk's. Zero is none, and is never sent.
type (
	userID     int64
	databaseID int64
)

// user is a database user as one of the two interfaces shows it.
type user struct {
	ID    userID
	Login string
	// Database is the one it belongs to; zero for a universal user.
	Database databaseID
	// Listed are the databases among whose users a universal one was seen.
	Listed []databaseID
	// Hosts and Addresses are from where it may connect. REST shows neither.
	Hosts, Addresses []string
}

func (u user) universal() bool { return u.Database == 0 }

// database is a database of a subscription on a database server.
type database struct {
	ID           databaseID
	Name, Type   string
	Subscription int64
	Server       int64
	Default      userID // zero when there is none
}

// newUser is a user to be made: of a database, or of a subscription on a server.
type newUser struct {
	Login, Password      string
	Database             databaseID
	Subscription, Server int64
	Hosts, Addresses     []string
}

var (
	// errNoUser says that Plesk knows no user of that id. By itself it proves nothing:
	// a wrong id answers the same.
	errNoUser = errors.New("no such database user")
	// errUnsure says that an answer said ok and not what was done.
	errUnsure = errors.New("the answer does not say what was done")
)

// api is what both interfaces of Plesk can do. A list is whole, or it is an error.
type api interface {
	databases(ctx context.Context) ([]database, error)
	// users are all that are visible, by whatever ways there are to ask.
	users(ctx context.Context, of []database) ([]user, error)
	// usersOf are those of one database.
	usersOf(ctx context.Context, db databaseID) ([]user, error)
	// user is one of them; false when there is none of that id.
	user(ctx context.Context, id userID) (user, bool, error)

	setPassword(ctx context.Context, id userID, password string) error
	// deleteUser deletes one user. errNoUser when there was none.
	deleteUser(ctx context.Context, id userID) error
	addUser(ctx context.Context, n newUser) (userID, error)
	// setDefault makes a user the default one of a database.
	setDefault(ctx context.Context, db databaseID, id userID) error
	// setsDefault and showsRights say what the interface has at all.
	setsDefault() bool
	showsRights() bool

	// explain writes requests for people. The password is a placeholder.
	explain() explainer
	close()
}

// explainer has the words for each change.
type explainer interface {
	find(id userID) string
	setPassword(id userID) string
	deleteUser(id userID) string
	setDefault(database string) string
}
