package mysql

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// An account is acted upon only when it is known to be nobody's that Sever needs: what
// the server does not tell protects.
func TestGuardsFailClosed(t *testing.T) {
	t.Parallel()
	us, her := identity{"sever", "%"}, identity{"ada", "%"}
	ordinary := account{identity: her}
	admin := account{identity: her, Access: administers}
	locked := account{identity: identity{"boss", "%"}, Access: administers, Locked: true}
	another := account{identity: identity{"boss", "%"}, Access: administers}
	for name, c := range map[string]struct {
		of   account
		ours identity
		all  []account
		want string
	}{
		"an ordinary account":                    {ordinary, us, []account{ordinary}, ""},
		"our own login":                          {account{identity: us}, us, nil, "our own login"},
		"our own name at another host":           {account{identity: identity{"sever", "10.0.0.1"}}, us, nil, ""},
		"which login is ours is not known":       {ordinary, identity{}, []account{ordinary}, "which login is our own is not known, so it may be this one"},
		"built in":                               {account{identity: identity{"root", "localhost"}}, us, nil, "built-in"},
		"nobody's":                               {account{identity: identity{"", "%"}}, us, nil, "the account without a name, which is nobody's"},
		"one of two administrators":              {admin, us, []account{admin, another}, ""},
		"the last administrator":                 {admin, us, []account{admin, ordinary}, "last administrator"},
		"the last that can log in":               {admin, us, []account{admin, locked}, "last administrator"},
		"an administrator, and nothing is known": {admin, us, nil, "last administrator"},
	} {
		require.Equal(t, c.want, c.of.protected(c.ours, c.all), name)
	}
	// What the server answers when it is asked who we are.
	for text, known := range map[string]bool{"sever@%": true, "@localhost": true, "": false} {
		require.Equal(t, !known, ordinary.protected(splitAccount(text), nil) != "", "%q", text)
	}
}
