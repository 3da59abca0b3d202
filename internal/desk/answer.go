package desk

import (
	"context"
	"strconv"
	"strings"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/store"
)

// Reply is a person's answer to a question about a link.
type Reply struct {
	Yes bool
	By  string
	Why string
	// About is what is answered: the number of a question, or a principal, a connection
	// and an account.
	About []string
}

// Answered is what became of an answer.
type Answered struct {
	Questions []int64            `json:"questions"` // none: nobody had asked
	Principal access.PrincipalID `json:"principal"`
	About     string             `json:"about"`
	Decision  store.Answer       `json:"decision"`
	By        string             `json:"by"`
	Case      string             `json:"case,omitempty"`   // the open one
	Nudged    bool               `json:"nudged,omitempty"` // and it goes on at once
	Missed    string             `json:"missed,omitempty"` // why it does not
}

// Sensible reads a reply by itself, without asking anybody.
func (r Reply) Sensible() error {
	if len(r.About) != 1 && len(r.About) != 3 {
		return Invalidf("give the number of a question, or a principal, a connection and an account")
	}
	if r.Why != "" {
		if err := ValidText("the reason", r.Why, MaxText); err != nil {
			return err
		}
	}
	if !r.Yes && r.Why == "" {
		return Invalidf("a rejection needs a reason").Then(`say how you know that it is not theirs: --reason "..."`)
	}
	return nil
}

// Answer records the answer. The open case that it names is not told yet: see Tell.
func (d *Desk) Answer(ctx context.Context, r Reply) (Answered, error) {
	out := Answered{Questions: []int64{}, By: r.By, Decision: store.SaidNo}
	if r.Yes {
		out.Decision = store.SaidYes
	}
	if err := d.May(r.By, roles.Identify); err != nil {
		return out, err
	}
	if err := r.Sensible(); err != nil {
		return out, err
	}
	return out, d.Store.Do(ctx, func(tx *store.Tx) error {
		questions, err := d.meant(ctx, tx, r)
		if err != nil {
			return err
		}
		out.Questions = out.Questions[:0]
		for _, q := range questions {
			if out.Case, err = r.give(ctx, tx, q); err != nil {
				return err
			}
			if q.ID != 0 {
				out.Questions = append(out.Questions, q.ID)
			}
			out.Principal, out.About = q.Principal, SubjectOf(q)
		}
		return nil
	})
}

// Tell notes whether the open case goes on at once; nudge is how it is told.
func (a *Answered) Tell(nudge func(who access.PrincipalID, by, why string) error) {
	if a.Case == "" {
		return
	}
	if err := nudge(a.Principal, a.By, a.About+" was "+string(a.Decision)); err != nil {
		a.Missed = err.Error()
		return
	}
	a.Nudged = true
}

// SubjectOf is what a question is about, in a word.
func SubjectOf(q store.Question) string {
	if q.Rule != "" {
		return q.Connection + ": " + q.Rule
	}
	return q.Ref.String()
}

// give writes the answer to one question, once: the same answer again changes nothing.
func (r Reply) give(ctx context.Context, tx *store.Tx, q store.Question) (openCase string, err error) {
	switch {
	case q.ID != 0 && (q.Decision == store.SaidYes && r.Yes || q.Decision == store.SaidNo && !r.Yes):
		return "", nil
	case q.ID == 0:
		return tx.ConfirmLink(ctx, q.Principal, q.Ref, r.By, r.Why)
	case q.Rule != "" && r.Yes:
		return "", Invalidf("question %d is about the rule %s, and about no account in particular", q.ID, q.Rule).
			Then("give the roster what the rule needs: sever roster import FILE").
			Then("or name the account: sever identities confirm %s %s ACCOUNT", q.Principal, q.Connection).
			Then(`or say that there is none by this rule: sever identities reject %d --reason "..."`, q.ID)
	case r.Yes:
		return tx.Confirm(ctx, q, r.By, r.Why)
	}
	return tx.Reject(ctx, q, r.By, r.Why)
}

// meant are the questions that a command line names: one by its number, or all about one
// account of a principal, which may be on several resources.
func (d *Desk) meant(ctx context.Context, tx *store.Tx, r Reply) ([]store.Question, error) {
	args := r.About
	if len(args) == 1 {
		id, err := strconv.ParseInt(args[0], 10, 64)
		if err != nil {
			return nil, Invalidf("%q is not the number of a question", args[0]).Then("list them: sever identities questions")
		}
		q, err := tx.Question(ctx, id)
		if err != nil {
			return nil, Explain(err).Then("list them: sever identities questions")
		}
		return []store.Question{q}, nil
	}
	for what, text := range map[string]string{"the principal": args[0], "the connection": args[1], "the account": args[2]} {
		if err := ValidName(what, text); err != nil {
			return nil, err
		}
	}
	who := access.PrincipalID(args[0])
	all, err := tx.Questions(ctx, store.QuestionFilter{Principal: who, Connection: args[1]})
	if err != nil {
		return nil, err
	}
	var out []store.Question
	for _, q := range all {
		if q.Rule == "" && q.Decision != store.WithdrawnByUs && strings.TrimPrefix(q.String(), q.Connection+"/") == args[2] {
			out = append(out, q)
		}
	}
	if len(out) > 0 {
		return out, nil
	}
	if !r.Yes {
		return nil, Invalidf("nobody has asked whether %s at %s belongs to %s", args[2], args[1], who).Then("list the questions: sever identities questions --all")
	}
	ref, err := d.direct(ctx, tx, who, args[1], args[2])
	return []store.Question{{Principal: who, Ref: ref}}, err
}

// direct is a link that a person states without having been asked.
func (d *Desk) direct(ctx context.Context, tx *store.Tx, who access.PrincipalID, connection, account string) (access.Ref, error) {
	ref := access.Ref{Connection: connection, Name: account}
	if _, err := tx.Principal(ctx, who); err != nil {
		return ref, Explain(err).Then("list the principals: sever roster list")
	}
	if d.Connections == nil {
		return ref, Invalidf("no connections are configured here, so %q cannot be checked", connection).Then("set SEVER_CONNECTIONS (sever help settings)")
	}
	if err := KnownConnection(d.Connections, connection); err != nil {
		return ref, err
	}
	if conn, err := d.Connections.For(connection); err == nil && conn.Spec.Hosts {
		if at := strings.LastIndex(account, "@"); at > 0 {
			ref.Name, ref.Host = account[:at], account[at+1:]
		}
	}
	return ref, nil
}
