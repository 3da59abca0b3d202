package activities

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/catalog"
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
	known, err := a.store.AccountsOf(ctx, in.Case, []string{in.Connection})
	if err != nil {
		return Found{}, err
	}
	began, err := a.store.Now(ctx)
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
	links, err := a.links(ctx, conn, c.Principal, listed, known)
	if err != nil {
		return Found{}, err
	}
	out := discovery{caseID: in.Case, dryRun: c.Status == access.CaseDryRun, who: c.Principal, conn: conn, began: began, listed: len(listed)}
	correlated := plan.Correlate(links)
	out.questions = correlated.Questions
	for _, t := range correlated.Targets {
		seen, err := look(ctx, conn.Provider, t)
		if err != nil {
			return Found{}, err
		}
		if t.Doubt != nil && (seen.Exists || len(seen.Gaps) > 0) {
			doubt := *t.Doubt // it was not listed, and may be there all the same
			doubt.Account = seen.Ref
			out.questions = append(out.questions, doubt)
			continue
		}
		out.accounts = append(out.accounts, seen)
	}
	return a.writeFound(ctx, out)
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

// look sees one account as it is now. An account whose id is not the known one is
// another account: the known one is absent then, with what is left of it.
func look(ctx context.Context, p provider.Provider, t plan.Target) (store.CaseAccount, error) {
	s, err := p.Look(ctx, t.Ref)
	acct := store.CaseAccount{Ref: t.Ref, Evidence: t.Evidence, SharedWith: t.SharedWith, Gaps: s.Gaps, SeenAt: time.Now()}
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

// discovery is what one connection was found to have of a principal.
type discovery struct {
	caseID    string
	dryRun    bool
	who       access.PrincipalID
	conn      *catalog.Connection
	began     time.Time // by the clock of the records, as what people say is
	listed    int
	accounts  []store.CaseAccount
	questions []plan.Question
}

// records are the questions as the records have them.
func (d discovery) records() []store.Question {
	out := make([]store.Question, len(d.questions))
	for i, q := range d.questions {
		out[i] = store.Question{Ref: q.Account, Rule: q.Rule, Kind: string(q.Kind), Words: q.Words}
	}
	return out
}

// words say what was found.
func (d discovery) words(grants int) string {
	words := access.Count(d.listed, "account") + " listed, " + access.Count(len(d.accounts), "account") + " of the principal, " + access.Count(grants, "grant")
	if n := len(d.questions); n > 0 {
		words += ", " + access.Count(n, "question")
	}
	return words
}

func (a *Access) writeFound(ctx context.Context, d discovery) (Found, error) {
	found := Found{Accounts: len(d.accounts)}
	var there []access.Ref
	for _, acct := range d.accounts {
		found.Grants += len(acct.Now.Grants)
		if acct.Exists {
			there = append(there, acct.Ref)
		}
	}
	info := activity.GetInfo(ctx)
	data := map[string]any{"accounts": described(d.accounts)}
	if len(d.questions) > 0 {
		data["questions"] = asked(d.questions)
	}
	return found, a.store.Do(ctx, func(tx *store.Tx) error {
		if _, err := tx.UpsertAccounts(ctx, d.caseID, d.accounts); err != nil {
			return err
		}
		if err := tx.SetConnection(ctx, store.CaseConnection{
			CaseID: d.caseID, Connection: d.conn.Name, Kind: d.conn.Kind, State: store.ConnDiscovered, Attempts: int(info.Attempt),
			Listed: d.listed, Accounts: found.Accounts, Grants: found.Grants, DiscoveredAt: d.began,
		}); err != nil {
			return err
		}
		if err := tx.Ask(ctx, d.caseID, d.who, d.conn.Name, d.records()); err != nil {
			return err
		}
		if !d.dryRun && !d.conn.Spec.LooseIDs {
			if err := tx.Tie(ctx, d.who, there, self); err != nil {
				return err
			}
		}
		if err := tx.CloseTask(ctx, d.caseID, silentKey(d.conn.Name), "sever", "the connection answered"); err != nil {
			return err
		}
		return tx.Append(ctx, audit.Event{
			Chain: d.caseID, Key: activityKey(ctx, "discovered"), At: time.Now(), Kind: audit.ConnectionDiscovered, Actor: self,
			Object: d.conn.Name, Attempt: int(info.Attempt), Words: d.words(found.Grants), Data: data,
		})
	})
}

// asked is what the audit trail keeps of questions.
func asked(questions []plan.Question) []any {
	out := make([]any, len(questions))
	for i, q := range questions {
		out[i] = map[string]any{"about": q.Subject(), "foreign_id": q.Account.ForeignID, "kind": string(q.Kind), "words": q.Words}
	}
	return out
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
