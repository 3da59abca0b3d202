package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/store"
)

// reply is a person's answer to a question about a link.
type reply struct {
	yes     bool
	by, why string
}

func (a *app) confirmCommand() *cobra.Command {
	r := reply{yes: true}
	c := &cobra.Command{
		Use:   "confirm <question | principal connection account[@host]>",
		Short: "Say that an account is a principal's: the strongest evidence there is",
		Long: `With the number of a question it answers that question: the link is confirmed, and tied to
exactly that account. With a principal, a connection and an account it answers the
question about them, or, where nobody has asked, records the link as confirmed.

The case that waits for the answer goes on at once.`,
		Args: cobra.MatchAll(cobra.RangeArgs(1, 3), notTwo),
		RunE: does(func(ctx context.Context, args []string) error { return a.answer(ctx, args, r) }),
	}
	c.Flags().StringVar(&r.why, "reason", "", "how you know; kept in the trail")
	c.Flags().StringVar(&r.by, "as", "", "who decides (default $SEVER_ACTOR, or who is logged in)")
	return c
}

func (a *app) rejectCommand() *cobra.Command {
	var r reply
	c := &cobra.Command{
		Use:   "reject <question | principal connection account[@host]>",
		Short: "Say that an account is not a principal's; it is not asked again",
		Long: `Answers a question: the account is not the principal's, or there is none by that rule.
It is asked no more about that account; another account of the same name is another
question. A rejection needs a --reason; it is part of the trail.

The case that waits for the answer goes on at once.`,
		Args: cobra.MatchAll(cobra.RangeArgs(1, 3), notTwo),
		RunE: does(func(ctx context.Context, args []string) error { return a.answer(ctx, args, r) }),
	}
	c.Flags().StringVar(&r.why, "reason", "", "how you know; kept in the trail (required)")
	c.Flags().StringVar(&r.by, "as", "", "who decides (default $SEVER_ACTOR, or who is logged in)")
	return c
}

func notTwo(_ *cobra.Command, args []string) error {
	if len(args) == 2 {
		return desk.Invalidf("give the number of a question, or a principal, a connection and an account")
	}
	return nil
}

// answered is the JSON of an answer.
type answered struct {
	Questions []int64            `json:"questions"` // none: nobody had asked
	Principal access.PrincipalID `json:"principal"`
	About     string             `json:"about"`
	Decision  store.Answer       `json:"decision"`
	By        string             `json:"by"`
	Case      string             `json:"case,omitempty"`   // the open one
	Nudged    bool               `json:"nudged,omitempty"` // and it goes on at once
	Missed    string             `json:"missed,omitempty"` // why it does not
}

func (a *app) answer(ctx context.Context, args []string, r reply) error {
	by, err := a.allowed(r.by, roles.Identify)
	if err != nil {
		return err
	}
	r.by = by
	if r.why != "" {
		if err := desk.ValidText("--reason", r.why, desk.MaxText); err != nil {
			return err
		}
	}
	if !r.yes && r.why == "" {
		return desk.Invalidf("a rejection needs a reason").Then(`say how you know that it is not theirs: --reason "..."`)
	}
	clients, err := a.records(ctx)
	if err != nil {
		return err
	}
	defer clients.Close()
	out := answered{Questions: []int64{}, By: by, Decision: store.SaidNo}
	if r.yes {
		out.Decision = store.SaidYes
	}
	err = clients.store.Do(ctx, func(tx *store.Tx) error {
		questions, err := a.meant(ctx, tx, args, r)
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
			out.Principal, out.About = q.Principal, questionPart{Account: q.Ref, Rule: q.Rule}.subject()
		}
		return nil
	})
	if err != nil {
		return err
	}
	if out.Case != "" {
		if err := a.nudge(ctx, out.Principal, by, fmt.Sprintf("%s was %s", out.About, out.Decision)); err != nil {
			out.Missed = err.Error()
		} else {
			out.Nudged = true
		}
	}
	a.showAnswer(out)
	return nil
}

// give writes the answer to one question, once: the same answer again changes nothing.
func (r reply) give(ctx context.Context, tx *store.Tx, q store.Question) (openCase string, err error) {
	switch {
	case q.ID != 0 && (q.Decision == store.SaidYes && r.yes || q.Decision == store.SaidNo && !r.yes):
		return "", nil
	case q.ID == 0:
		return tx.ConfirmLink(ctx, q.Principal, q.Ref, r.by, r.why)
	case q.Rule != "" && r.yes:
		return "", desk.Invalidf("question %d is about the rule %s, and about no account in particular", q.ID, q.Rule).
			Then("give the roster what the rule needs: sever roster import FILE").
			Then("or name the account: sever identities confirm %s %s ACCOUNT", q.Principal, q.Connection).
			Then(`or say that there is none by this rule: sever identities reject %d --reason "..."`, q.ID)
	case r.yes:
		return tx.Confirm(ctx, q, r.by, r.why)
	}
	return tx.Reject(ctx, q, r.by, r.why)
}

// meant are the questions that a command line names: one by its number, or all about one
// account of a principal, which may be on several resources.
func (a *app) meant(ctx context.Context, tx *store.Tx, args []string, r reply) ([]store.Question, error) {
	if len(args) == 1 {
		id, err := strconv.ParseInt(args[0], 10, 64)
		if err != nil {
			return nil, desk.Invalidf("%q is not the number of a question", args[0]).Then("list them: sever identities questions")
		}
		q, err := tx.Question(ctx, id)
		if err != nil {
			return nil, desk.Explain(err).Then("list them: sever identities questions")
		}
		return []store.Question{q}, nil
	}
	for what, text := range map[string]string{"the principal": args[0], "the connection": args[1], "the account": args[2]} {
		if err := desk.ValidName(what, text); err != nil {
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
	if !r.yes {
		return nil, desk.Invalidf("nobody has asked whether %s at %s belongs to %s", args[2], args[1], who).Then("list the questions: sever identities questions --all")
	}
	ref, err := a.direct(ctx, tx, who, args[1], args[2])
	return []store.Question{{Principal: who, Ref: ref}}, err
}

// direct is a link that a person states without having been asked.
func (a *app) direct(ctx context.Context, tx *store.Tx, who access.PrincipalID, connection, account string) (access.Ref, error) {
	ref := access.Ref{Connection: connection, Name: account}
	if _, err := tx.Principal(ctx, who); err != nil {
		return ref, desk.Explain(err).Then("list the principals: sever roster list")
	}
	conns, err := a.connections()
	switch {
	case err != nil:
		return ref, err
	case conns == nil:
		return ref, desk.Invalidf("no connections are configured here, so %q cannot be checked", connection).Then("set SEVER_CONNECTIONS (sever help settings)")
	}
	defer conns.Close()
	if err := knownConnection(conns)(connection); err != nil {
		return ref, err
	}
	if conn, err := conns.For(connection); err == nil && conn.Spec.Hosts {
		if at := strings.LastIndex(account, "@"); at > 0 {
			ref.Name, ref.Host = account[:at], account[at+1:]
		}
	}
	return ref, nil
}

func (a *app) showAnswer(out answered) {
	if a.json {
		a.out.document(out)
		return
	}
	verb := "is"
	if out.Decision == store.SaidNo {
		verb = "is not"
	}
	a.out.linef("%s %s %s's, said %s.", printable(out.About), verb, printable(string(out.Principal)), printable(out.By))
	switch {
	case out.Nudged:
		a.out.linef("Case %s goes on.", out.Case)
	case out.Case != "":
		a.out.linef("Case %s could not be told (%s); it looks again by itself, or at once: sever retry %s", out.Case, oneLine(out.Missed), out.Case)
	}
}
