package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/store"
)

// questionList is the JSON of identities questions.
type questionList struct {
	Questions []questionPart `json:"questions"`
}

type questionPart struct {
	ID        int64              `json:"id"`
	Principal access.PrincipalID `json:"principal"`
	Account   access.Ref         `json:"account"`
	Rule      string             `json:"rule,omitempty"`
	Kind      string             `json:"kind"`
	Words     string             `json:"words"`
	Case      string             `json:"case"`
	AskedAt   time.Time          `json:"asked_at"`
	Decision  store.Answer       `json:"decision,omitempty"`
	By        string             `json:"decided_by,omitempty"`
	Why       string             `json:"decided_why,omitempty"`
	At        time.Time          `json:"decided_at,omitzero"`
}

// subject is what the question is about, in a word.
func (q questionPart) subject() string {
	if q.Rule != "" {
		return q.Account.Connection + ": " + q.Rule
	}
	return q.Account.String()
}

func (a *app) questionsCommand() *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use:   "questions",
		Short: "List the links that are not certain and wait for a person's word",
		Long: `A link is not certain when its name fits an account only but for large and small letters,
when it names no host where accounts have hosts, when a naming rule makes an account
somebody else's as well or cannot be applied, and when the account was made after the
link was recorded. Until a person answers, nothing is done to the account, and a case
that asked stays open.`,
		Args: cobra.NoArgs,
		RunE: does(func(ctx context.Context, _ []string) error { return a.questions(ctx, all) }),
	}
	c.Flags().BoolVar(&all, "all", false, "also those that were answered or withdrawn")
	return c
}

func (a *app) questions(ctx context.Context, all bool) error {
	clients, err := a.records(ctx)
	if err != nil {
		return err
	}
	defer clients.Close()
	found, err := clients.store.Questions(ctx, store.QuestionFilter{Open: !all})
	if err != nil {
		return err
	}
	out := questionList{Questions: []questionPart{}}
	for _, q := range found {
		out.Questions = append(out.Questions, questionPart{q.ID, q.Principal, q.Ref, q.Rule, q.Kind, q.Words, q.CaseID, q.AskedAt, q.Decision, q.By, q.Why, q.At})
	}
	if a.json {
		a.out.document(out)
		return nil
	}
	a.showQuestions(out.Questions, time.Now())
	return nil
}

func (a *app) showQuestions(list []questionPart, now time.Time) {
	if len(list) == 0 {
		a.out.line("No question waits for anybody.")
		return
	}
	rows := [][]string{}
	for _, q := range list {
		answer := a.out.red("open")
		if q.Decision != store.Unanswered {
			answer = strings.TrimSuffix(fmt.Sprintf("%s by %s, %s: %s", q.Decision, printable(q.By), clock(q.At, now), oneLine(q.Why)), ": ")
		}
		resource := q.Account.Resource
		if q.Account.ForeignID != "" {
			resource = strings.TrimSpace(resource + " #" + q.Account.ForeignID)
		}
		rows = append(rows, []string{fmt.Sprint(q.ID), printable(string(q.Principal)), printable(q.subject()), printable(resource), oneLine(q.Words), answer})
	}
	a.out.table([]string{"no", "principal", "about", "on", "question", "answer"}, rows)
	a.out.line("")
	a.out.line(`Answer: sever identities confirm NO, or: sever identities reject NO --reason "..."`)
}
