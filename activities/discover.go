package activities

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/store"
)

// Discover asks one connection for the accounts of the case's principal and writes
// them, with everything they hold, into the records. An account that an identity
// names and the system does not list is recorded as absent; that the list was
// whole is part of the record.
//
// A connection that cannot be asked is recorded as unknown, with its own words,
// before the error goes to Temporal.
func (a *Access) Discover(ctx context.Context, in DiscoverInput) (Found, error) {
	found, err := a.discover(ctx, in)
	if err != nil {
		err = a.unknown(ctx, in, err)
	}
	return found, asTemporal(ctx, err)
}

func (a *Access) discover(ctx context.Context, in DiscoverInput) (Found, error) {
	conn, err := a.connections.For(in.Connection)
	if err != nil {
		return Found{}, fmt.Errorf("%w: %w", errBadInput, err)
	}
	c, err := a.store.Case(ctx, in.Case)
	if err != nil {
		return Found{}, err
	}
	matches, claims, err := a.correlate(ctx, c.Principal, in.Connection)
	if err != nil {
		return Found{}, err
	}
	known, err := a.store.AccountsOf(ctx, in.Case, []string{in.Connection})
	if err != nil {
		return Found{}, err
	}
	var listed []access.Account
	err = traced(ctx, "system list", in.Case, in.Connection, func(ctx context.Context) (err error) {
		listed, err = list(ctx, conn.Provider)
		return err
	})
	if err != nil {
		return Found{}, fmt.Errorf("list the accounts of %s: %w", in.Connection, err)
	}
	now := sortOut(plan.Namesakes(matches, conn.Name, claims, listed), matches, listed, known)
	accounts := now.asked
	for _, t := range targets(conn.Name, matches, listed, now.known) {
		seen, err := look(ctx, conn.Provider, t)
		if err != nil {
			return Found{}, err
		}
		accounts = append(accounts, seen)
	}
	return a.writeFound(ctx, in, conn.Kind, len(listed), accounts, now)
}

// correlate matches the identities of the principal against everybody's, which it gives
// too.
func (a *Access) correlate(ctx context.Context, who access.PrincipalID, connection string) ([]plan.Match, []access.Identity, error) {
	mine, err := a.store.IdentitiesOf(ctx, who, connection)
	if err != nil {
		return nil, nil, err
	}
	names := make([]string, len(mine))
	for i, id := range mine {
		names[i] = id.Account
	}
	claims, err := a.store.Claims(ctx, connection, names)
	if err != nil {
		return nil, nil, err
	}
	return plan.Correlate(who, connection, claims), claims, nil
}

// list takes the whole list or none of it.
func list(ctx context.Context, p provider.Provider) ([]access.Account, error) {
	var listed []access.Account
	for acct, err := range p.Accounts(ctx) {
		if err != nil {
			return nil, err
		}
		listed = append(listed, acct)
	}
	return listed, nil
}

// target is one account to look at.
type target struct {
	access.Ref
	evidence access.Evidence
	shared   []access.PrincipalID
}

// targets are the accounts to look at: those that a match names in the list, those
// that this case knows from before, and, where a match fits neither, the bare name,
// so that the system itself says that it is absent.
func targets(connection string, matches []plan.Match, listed []access.Account, known []store.CaseAccount) []target {
	var out []target
	have := map[access.Ref]bool{}
	add := func(ref access.Ref, e access.Evidence, shared []access.PrincipalID) {
		if !have[ref] {
			have[ref] = true
			out = append(out, target{ref, e, shared})
		}
	}
	for _, m := range matches {
		found := plan.Find(m, listed)
		for _, acct := range found {
			add(acct.Ref, m.Evidence, m.SharedWith)
		}
		before := slices.ContainsFunc(known, func(k store.CaseAccount) bool { return k.Name == m.Name && k.Host == m.Host })
		if len(found) == 0 && !before {
			add(access.Ref{Connection: connection, Name: m.Name, Host: m.Host}, m.Evidence, m.SharedWith)
		}
	}
	for _, k := range known {
		add(k.Ref, k.Evidence, k.SharedWith)
	}
	return out
}

// look sees one account as it is now. An account whose id is not the known one is
// another account: the known one is absent then, with what is left of it.
func look(ctx context.Context, p provider.Provider, t target) (store.CaseAccount, error) {
	s, err := p.Look(ctx, t.Ref)
	acct := store.CaseAccount{Ref: t.Ref, Evidence: t.evidence, SharedWith: t.shared, Gaps: s.Gaps, SeenAt: time.Now()}
	if provider.KindOf(err) == provider.Rejected {
		// The system will not be asked about this one. That says nothing of it, and
		// keeps none of the others waiting.
		acct.Gaps = []access.Gap{{Object: "account " + t.Name, Why: err.Error(), Remedy: "correct the identity (sever identities import FILE), and waive this one"}}
		return acct, nil
	}
	if err != nil {
		return store.CaseAccount{}, fmt.Errorf("look at %s: %w", t.Ref, err)
	}
	if !s.Exists || t.ForeignID != "" && s.Account.ForeignID != t.ForeignID {
		for _, r := range s.Residue {
			acct.Gaps = append(acct.Gaps, access.Gap{Object: r, Why: "left behind by an account that is gone"})
		}
		if !s.Exists && s.Sessions > 0 {
			acct.Gaps = append(acct.Gaps, access.Gap{Object: access.Count(s.Sessions, "session"), Why: "of an account that is gone, and alive",
				Remedy: "end by hand what is not somebody else's"})
		}
		return acct, nil
	}
	acct.Ref, acct.Exists, acct.Engine = s.Account.Ref, true, s.Account.Engine
	acct.Before, acct.Now = s.Account, s.Account
	acct.Now.Snapshot = nil
	return acct, nil
}

func (a *Access) writeFound(ctx context.Context, in DiscoverInput, kind string, listed int, accounts []store.CaseAccount, now sorted) (Found, error) {
	found := Found{Accounts: len(accounts)}
	for _, acct := range accounts {
		found.Grants += len(acct.Now.Grants)
	}
	info := activity.GetInfo(ctx)
	return found, a.store.Do(ctx, func(tx *store.Tx) error {
		if err := now.link(func(id int64, foreignID string) error { return tx.SetForeignID(ctx, id, foreignID) }); err != nil {
			return err
		}
		if _, err := tx.UpsertAccounts(ctx, in.Case, accounts); err != nil {
			return err
		}
		if err := tx.SetConnection(ctx, store.CaseConnection{
			CaseID: in.Case, Connection: in.Connection, Kind: kind, State: store.ConnDiscovered, Attempts: int(info.Attempt),
			Listed: listed, Accounts: found.Accounts, Grants: found.Grants, DiscoveredAt: time.Now(),
		}); err != nil {
			return err
		}
		if err := tx.CloseTask(ctx, in.Case, silentKey(in.Connection), "sever", "the connection answered"); err != nil {
			return err
		}
		return tx.Append(ctx, audit.Event{
			Chain: in.Case, Key: activityKey(ctx, "discovered"), At: time.Now(), Kind: audit.ConnectionDiscovered, Actor: self,
			Object: in.Connection, Attempt: int(info.Attempt),
			Words: access.Count(listed, "account") + " listed, " + access.Count(found.Accounts, "account") + " of the principal, " + access.Count(found.Grants, "grant"),
			Data:  map[string]any{"accounts": described(accounts)},
		})
	})
}

// described is what the audit trail keeps of discovered accounts.
func described(accounts []store.CaseAccount) []any {
	out := make([]any, len(accounts))
	for i, a := range accounts {
		d := map[string]any{"account": a.Ref.String(), "resource": a.Resource, "foreign_id": a.ForeignID, "evidence": string(a.Evidence), "exists": a.Exists, "grants": len(a.Now.Grants)}
		if len(a.Gaps) > 0 {
			var gaps []any
			for _, g := range a.Gaps {
				gaps = append(gaps, g.Object+": "+g.Why)
			}
			d["gaps"] = gaps
		}
		out[i] = d
	}
	return out
}

// unknown records that a connection could not be asked. When even that fails, both
// errors are told.
func (a *Access) unknown(ctx context.Context, in DiscoverInput, cause error) error {
	info := activity.GetInfo(ctx)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	why := cause.Error()
	if errors.Is(cause, context.DeadlineExceeded) {
		// The patience ran out in the middle of a try. What the last whole try said is
		// the better reason, if there was one.
		why = cmp.Or(a.lastReason(ctx, in), why)
	}
	err := a.store.Do(ctx, func(tx *store.Tx) error {
		if err := tx.SetConnection(ctx, store.CaseConnection{CaseID: in.Case, Connection: in.Connection,
			State: store.ConnUnknown, Why: why, Attempts: int(info.Attempt)}); err != nil {
			return err
		}
		return tx.Append(ctx, audit.Event{
			Chain: in.Case, Key: fmt.Sprintf("%s/%d", activityKey(ctx, "unknown"), info.Attempt), At: time.Now(), Kind: audit.ConnectionUnknown,
			Actor: self, Object: in.Connection, Attempt: int(info.Attempt), Outcome: string(access.Unknown), Words: cause.Error()})
	})
	if err != nil {
		return fmt.Errorf("%w (and it could not be recorded: %v)", cause, err)
	}
	return cause
}

// lastReason is why the connection was unknown before, if it was.
func (a *Access) lastReason(ctx context.Context, in DiscoverInput) string {
	conns, err := a.store.ConnectionsOf(ctx, in.Case)
	if err != nil {
		return ""
	}
	for _, c := range conns {
		if c.Connection == in.Connection && c.State == store.ConnUnknown {
			return c.Why
		}
	}
	return ""
}

// self is the actor of what nobody decided at that moment.
const self = "sever"

// activityKey makes an audit key that is the same for every attempt of one
// scheduled activity, and for no other activity.
func activityKey(ctx context.Context, what string) string {
	info := activity.GetInfo(ctx)
	return strings.Join([]string{what, info.WorkflowExecution.RunID, info.ActivityID}, "/")
}

func silentKey(connection string) string { return "connection/" + connection }
