package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// role is one row of pg_roles, with what decides whether it may be touched.
type role struct {
	OID         int64   `json:"oid"`
	Name        string  `json:"name"`
	Super       bool    `json:"super,omitempty"`
	Inherit     bool    `json:"inherit,omitempty"`
	CreateRole  bool    `json:"create_role,omitempty"`
	CreateDB    bool    `json:"create_db,omitempty"`
	Login       bool    `json:"login,omitempty"`
	Replication bool    `json:"replication,omitempty"`
	BypassRLS   bool    `json:"bypass_rls,omitempty"`
	ConnLimit   int     `json:"conn_limit"`
	ValidUntil  *string `json:"valid_until,omitempty"`
	Comment     *string `json:"comment,omitempty"`

	Ours      bool `json:"-"` // the login of this connection, or the role that it acts as
	LastSuper bool `json:"-"` // no other superuser can log in
	OnRDS     bool `json:"-"` // the server has the superuser of Amazon's service
	Held      bool `json:"-"` // our login has its rights
	Signals   bool `json:"-"` // it may end the sessions of others
}

const roleColumns = `
select r.oid::int8, r.rolname::text, r.rolsuper, r.rolinherit, r.rolcreaterole, r.rolcreatedb,
       r.rolcanlogin, r.rolreplication, r.rolbypassrls, r.rolconnlimit, r.rolvaliduntil::text,
       (select description from pg_shdescription where objoid = r.oid and classoid = 'pg_authid'::regclass),
       r.rolname in (session_user, current_user),
       r.rolsuper and r.rolcanlogin and not exists (
           select from pg_roles o where o.rolsuper and o.rolcanlogin and o.oid <> r.oid
              and coalesce(o.rolvaliduntil > now(), true)),
       exists (select from pg_roles where rolname = 'rdsadmin'),
       pg_has_role(r.oid, 'USAGE'), pg_has_role(r.oid, 'pg_signal_backend', 'USAGE')
from pg_roles r`

// The order makes the list of accounts stable.
const everyRole = roleColumns + `
order by r.rolname::text collate "C"`

const roleByNameOrID = roleColumns + `
where r.rolname = $1::text::name or r.oid = $2::int8::oid`

// firstOrdinary is the first oid that initdb does not use itself: the bootstrap
// superuser (10) and the predefined pg_ roles are below it.
const firstOrdinary = 16384

// servants are the administrators that hosting services keep for themselves and
// the ones they hand to the customer.
var servants = map[string]string{
	"postgres":            "built-in",
	"doadmin":             "administrator of DigitalOcean's service",
	"do-readonly":         "built into DigitalOcean's service",
	"_dodb":               "built into DigitalOcean's service",
	"cloudsqladmin":       "built into Google's service",
	"cloudsqlsuperuser":   "built into Google's service",
	"cloudsqlagent":       "built into Google's service",
	"cloudsqlreplica":     "built into Google's service",
	"alloydbadmin":        "built into Google's service",
	"alloydbsuperuser":    "built into Google's service",
	"azure_pg_admin":      "built into Azure's service",
	"azure_superuser":     "built into Azure's service",
	"azuresu":             "built into Azure's service",
	"avnadmin":            "administrator of Aiven's service",
	"supabase_admin":      "built into Supabase's service",
	"os_admin":            "built into Trove's service",
	"neon_superuser":      "built into Neon's service",
	"cloud_admin":         "built into Neon's service",
	"rdsadmin":            "built into Amazon's service",
	"rds_superuser":       "built into Amazon's service",
	"replication_manager": "built into a hosting service",
}

// protected says why a role may never be touched, or nothing.
func (r role) protected() string {
	switch {
	case r.Ours:
		return "our own login"
	case r.OID < firstOrdinary, strings.HasPrefix(r.Name, "pg_"):
		return "built-in"
	case servants[r.Name] != "":
		return servants[r.Name]
	// Where Amazon runs the server every rds name is theirs; elsewhere it may be a person.
	case strings.HasPrefix(r.Name, "rds_"), r.OnRDS && strings.HasPrefix(r.Name, "rds"):
		return "built into Amazon's service"
	case r.LastSuper:
		return "last administrator"
	}
	return ""
}

func (r role) id() string { return strconv.FormatInt(r.OID, 10) }

// namesakes are the roles that a reference could mean: the one with the name, and
// the one with the oid.
type namesakes struct{ byName, byID *role }

func readNamesakes(rows pgx.Rows, ref access.Ref) (namesakes, error) {
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[role])
	if err != nil {
		return namesakes{}, err
	}
	var n namesakes
	for i := range found {
		if found[i].Name == ref.Name {
			n.byName = &found[i]
		}
		if found[i].id() == ref.ForeignID {
			n.byID = &found[i]
		}
	}
	return n, nil
}

// target is the oid that a step must act on.
type target struct {
	ref access.Ref
	oid int64
}

// planned reads a step's reference. It refuses what cannot be one account.
func planned(op string, ref access.Ref) (target, error) {
	if err := checkName("role", ref.Name); err != nil {
		return target{}, refuse(op, err)
	}
	oid, err := strconv.ParseUint(ref.ForeignID, 10, 32)
	if err != nil || oid == 0 {
		return target{}, refuse(op, fmt.Errorf("%q is not the oid of a role; look at the account first", ref.ForeignID))
	}
	return target{ref, int64(oid)}, nil
}

// errGone says that the role is neither there by name nor by oid.
var errGone = errors.New("there is no such role")

// settle decides whether what was found is the planned role and may be touched.
func (t target) settle(op string, n namesakes) (role, error) {
	switch {
	case n.byName == nil && n.byID == nil:
		return role{}, errGone
	case n.byName == nil:
		return role{}, refuse(op, fmt.Errorf("the planned role (oid %d) is now called %s", t.oid, readable(n.byID.Name)))
	case n.byName.OID != t.oid:
		return role{}, refuse(op, fmt.Errorf("%w: planned oid %d, found oid %d", provider.ErrAnotherAccount, t.oid, n.byName.OID))
	}
	if why := n.byName.protected(); why != "" {
		return role{}, refuse(op, fmt.Errorf("%s is protected: %s", readable(t.ref.Name), why))
	}
	return *n.byName, nil
}

// find reads the role inside the transaction that will change it.
func (t target) find(ctx context.Context, op string, tx querier) (role, error) {
	rows, err := tx.Query(ctx, roleByNameOrID, t.ref.Name, t.oid)
	if err != nil {
		return role{}, err
	}
	n, err := readNamesakes(rows, t.ref)
	if err != nil {
		return role{}, err
	}
	return t.settle(op, n)
}

// querier is a connection or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}
