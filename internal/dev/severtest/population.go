package severtest

import (
	"context"
	"fmt"
	"iter"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/provider/memory"
)

// Population is a system with any number of accounts and no memory of them: each is made
// when it is listed. It only reads.
type Population struct {
	Connection string `json:"connection"`
	Size       int    `json:"size"` // accounts
	People     int    `json:"people"`
	// Logins makes account i the login of principal i, for a naming rule to find.
	Logins bool `json:"logins"`
}

// Crowd is a connection to a population.
func Crowd(p Population) catalog.Connection {
	c := catalog.Connection{Name: p.Connection, Spec: memory.Spec, Provider: p}
	if p.Logins {
		var err error
		if c.Names, err = plan.ParseRules("{{.Login}}"); err != nil {
			panic(err)
		}
	}
	return c
}

// Nth is the principal with this number.
func Nth(i int) access.Principal {
	return access.Principal{ID: access.PrincipalID(fmt.Sprintf("E%06d", i)), Login: fmt.Sprintf("login%06d", i)}
}

// Nobodys is how often an account is nobody's: every so manyth.
const Nobodys = 100

// Identity is whose account i is, if that is known by an identity.
func (p Population) Identity(i int) (access.Identity, bool) {
	if p.Logins || i%Nobodys == Nobodys-1 {
		return access.Identity{}, false
	}
	return access.Identity{Principal: Nth(i % p.People).ID, Connection: p.Connection, Account: p.name(i), Evidence: access.Imported, Source: "crowd"}, true
}

func (p Population) name(i int) string {
	if p.Logins {
		return Nth(i).Login
	}
	return fmt.Sprintf("account%07d", i)
}

// Accounts makes all of them, one by one.
func (p Population) Accounts(ctx context.Context) iter.Seq2[access.Account, error] {
	return func(yield func(access.Account, error) bool) {
		for i := range p.Size {
			if err := ctx.Err(); err != nil {
				yield(access.Account{}, err)
				return
			}
			if !yield(p.account(i), nil) {
				return
			}
		}
	}
}

func (p Population) account(i int) access.Account {
	return access.Account{Ref: access.Ref{Connection: p.Connection, Resource: fmt.Sprintf("server-%d", i/10_000), Name: p.name(i), ForeignID: fmt.Sprint(1000 + i)}, Engine: "memory"}
}

// Look finds what Accounts lists.
func (p Population) Look(_ context.Context, ref access.Ref) (access.Sighting, error) {
	return access.Sighting{Exists: true, Account: access.Account{Ref: ref, Engine: "memory"}}, nil
}

// Close does nothing.
func (Population) Close() {}
