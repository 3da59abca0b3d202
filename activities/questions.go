package activities

import (
	"context"
	"fmt"
	"slices"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/store"
)

// answers are what became of the questions about a principal's accounts.
type answers []store.Question

func answersOf(ctx context.Context, q interface {
	Questions(context.Context, store.QuestionFilter) ([]store.Question, error)
}, who access.PrincipalID) (answers, error) {
	return q.Questions(ctx, store.QuestionFilter{Principal: who})
}

// open are the questions at a connection that wait for an answer.
func (k answers) open(connection string) (out []store.Question) {
	for _, q := range k {
		if q.Connection == connection && q.Decision == store.Unanswered {
			out = append(out, q)
		}
	}
	return out
}

// rejected is a person's word that an account is not the principal's, if it was given.
func (k answers) rejected(a access.Ref) (store.Question, bool) {
	i := slices.IndexFunc(k, func(q store.Question) bool { return q.Decision == store.SaidNo && q.Rule == "" && q.Ref == a })
	if i < 0 {
		return store.Question{}, false
	}
	return k[i], true
}

// said reports whether a person has rejected anything at all.
func (k answers) said() bool {
	return slices.ContainsFunc(k, func(q store.Question) bool { return q.Decision == store.SaidNo })
}

// planned are the open questions as a plan has them.
func (k answers) planned(connections []string) (out []plan.Question) {
	for _, q := range k {
		if q.Decision == store.Unanswered && slices.Contains(connections, q.Connection) {
			out = append(out, plan.Question{ID: q.ID, Kind: plan.Doubt(q.Kind), Account: q.Ref, Rule: q.Rule, Words: q.Words})
		}
	}
	return out
}

// weighQuestions opens a task for each question of the connections that waits for an
// answer, and closes those of the others. It counts what keeps a connection open, and
// has a connection asked again when a person has tied an account to the principal that
// its last discovery could not know of.
func (r *Records) weighQuestions(ctx context.Context, tx *store.Tx, in WeighInput, k answers, accounts []store.CaseAccount, out *Weighed) error {
	conns, err := tx.ConnectionsOf(ctx, in.Case)
	if err != nil {
		return err
	}
	for _, q := range k {
		i := slices.Index(in.Connections, q.Connection)
		if i < 0 {
			continue
		}
		if q.Decision != store.Unanswered {
			if err := tx.CloseTask(ctx, in.Case, questionKey(q.ID), q.By, string(q.Decision)); err != nil {
				return err
			}
			if overlooked(q, conns, accounts) {
				out.Connections[i].Open, out.Connections[i].Again = out.Connections[i].Open+1, true
			}
			continue
		}
		out.Connections[i].Open++
		if err := tx.OpenTask(ctx, r.questionTask(in, q)); err != nil {
			return err
		}
	}
	return nil
}

// overlooked is true for an account that a person confirmed after the connection had
// been asked.
func overlooked(q store.Question, conns []store.CaseConnection, accounts []store.CaseAccount) bool {
	if q.Decision != store.SaidYes {
		return false
	}
	later := slices.ContainsFunc(conns, func(c store.CaseConnection) bool {
		return c.Connection == q.Connection && c.State != store.ConnWaived && q.At.After(c.DiscoveredAt)
	})
	return later && !slices.ContainsFunc(accounts, func(a store.CaseAccount) bool {
		return a.Connection == q.Connection && a.Name == q.Name && a.Host == q.Host
	})
}

func (r *Records) questionTask(in WeighInput, q store.Question) store.Task {
	k := plan.Question{Account: q.Ref, Rule: q.Rule}
	next := fmt.Sprintf("if it is hers: sever identities confirm %d; if not: sever identities reject %d --reason \"...\"", q.ID, q.ID)
	if q.Rule != "" {
		next = fmt.Sprintf("sever roster import FILE with what is missing, then sever retry %s; if she has no account by this rule: sever identities reject %d --reason \"...\"", in.Case, q.ID)
	}
	return store.Task{CaseID: in.Case, Key: questionKey(q.ID), Connection: q.Connection, Subject: k.Subject(), Words: q.Words, Next: next,
		Owner: r.owner(q.Connection), Due: in.At.Add(in.TaskDue), OpenedAt: in.At}
}

// closeQuestions closes the tasks of the questions at a connection that is waived as a
// whole. The questions stay: another case will ask them.
func closeQuestions(ctx context.Context, tx *store.Tx, in RecordInput) error {
	c, err := tx.Case(ctx, in.Case)
	if err != nil {
		return err
	}
	said, err := answersOf(ctx, tx, c.Principal)
	if err != nil {
		return err
	}
	for _, q := range said.open(in.Connection) {
		if err := tx.CloseTask(ctx, in.Case, questionKey(q.ID), in.By, in.Why); err != nil {
			return err
		}
	}
	return nil
}

// notHers settles an account of the case that a person said is not the principal's.
func notHers(q store.Question, o access.Outcome) (access.Outcome, string) {
	why := fmt.Sprintf("%s said that it is not hers: %s", q.By, q.Why)
	if o == access.Contained {
		why += "; this case had locked it, and only a person can open it again"
	}
	return access.Waived, why
}

func questionKey(id int64) string { return fmt.Sprintf("question/%d", id) }
