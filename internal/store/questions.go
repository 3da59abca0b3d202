package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/access"
)

// Answer is what became of a question.
type Answer string

// The answers. An open question has none; one whose cause went away is withdrawn.
const (
	Unanswered    Answer = ""
	SaidYes       Answer = "confirmed"
	SaidNo        Answer = "rejected"
	WithdrawnByUs Answer = "withdrawn"
)

// Question is a link between a principal and an account that is not certain.
type Question struct {
	ID        int64
	Principal access.PrincipalID
	access.Ref
	Rule     string // the naming rule that could not be applied; then there is no account
	Kind     string // why it is not certain
	Words    string
	CaseID   string // that asked first
	AskedAt  time.Time
	Decision Answer
	By, Why  string // of the decision
	At       time.Time
}

// QuestionFilter narrows a list of questions; empty fields do not.
type QuestionFilter struct {
	Principal  access.PrincipalID
	Connection string
	Open       bool // only those that wait for an answer
	Decision   Answer
}

const questionColumns = `id, principal, connection, resource, account, host, foreign_id, rule, kind, words, case_id, asked_at,
	decision, decided_by, decided_why, decided_at`

func scanQuestion(row pgx.CollectableRow) (k Question, err error) {
	return k, row.Scan(&k.ID, &k.Principal, &k.Connection, &k.Resource, &k.Name, &k.Host, &k.ForeignID, &k.Rule, &k.Kind, &k.Words,
		&k.CaseID, &k.AskedAt, &k.Decision, &k.By, &k.Why, intoZero(&k.At))
}

// Questions are those about a principal's accounts, oldest first.
func (q queries) Questions(ctx context.Context, f QuestionFilter) ([]Question, error) {
	return collect(ctx, q.db, "list questions", scanQuestion, `
		select `+questionColumns+` from questions
		where (@principal = '' or principal = @principal)
		  and (@connection = '' or connection = @connection)
		  and (not @open or decision = '')
		  and (@decision = '' or decision = @decision)
		order by id`,
		pgx.NamedArgs{"principal": string(f.Principal), "connection": f.Connection, "open": f.Open, "decision": string(f.Decision)})
}

// Question is one question by its number.
func (q queries) Question(ctx context.Context, id int64) (Question, error) {
	return collectOne(ctx, q.db, fmt.Sprintf("question %d", id), scanQuestion,
		`select `+questionColumns+` from questions where id = @id`, pgx.NamedArgs{"id": id})
}

// Ask records everything that is in doubt about a principal's accounts at a
// connection. An open question that is not among them is withdrawn, and one that was
// withdrawn or confirmed and is in doubt anew is open again. What a person rejected
// stays rejected.
func (t *Tx) Ask(ctx context.Context, caseID string, who access.PrincipalID, connection string, questions []Question) error {
	op := fmt.Sprintf("ask about the accounts of %s at %s", who, connection)
	var open []int64
	for _, k := range questions {
		id, err := collectOne(ctx, t.tx, op, pgx.RowTo[int64], `
			insert into questions as q (principal, connection, resource, account, host, foreign_id, rule, kind, words, case_id)
			values (@principal, @connection, @resource, @account, @host, @foreign_id, @rule, @kind, @words, @case)
			on conflict on constraint questions_once do update set
			    kind = excluded.kind, words = excluded.words,
			    case_id     = case when q.decision = 'withdrawn' then excluded.case_id else q.case_id end,
			    asked_at    = case when q.decision in ('withdrawn', 'confirmed') then now() else q.asked_at end,
			    decision    = case when q.decision = 'rejected' then q.decision else '' end,
			    decided_by  = case when q.decision = 'rejected' then q.decided_by else '' end,
			    decided_why = case when q.decision = 'rejected' then q.decided_why else '' end,
			    decided_at  = case when q.decision = 'rejected' then q.decided_at end
			returning id`,
			pgx.NamedArgs{"principal": who, "connection": connection, "resource": k.Resource, "account": k.Name, "host": k.Host,
				"foreign_id": k.ForeignID, "rule": k.Rule, "kind": k.Kind, "words": words(k.Words), "case": caseID})
		if err != nil {
			return err
		}
		open = append(open, id)
	}
	_, err := t.exec(ctx, op, `
		update questions set decision = 'withdrawn', decided_by = 'sever', decided_why = 'it is in doubt no more', decided_at = clock_timestamp()
		where principal = @principal and connection = @connection and decision = '' and not (id = any(@open::bigint[]))`,
		pgx.NamedArgs{"principal": who, "connection": connection, "open": list(open)})
	return err
}

// AnswerQuestion notes a person's answer. The last one counts: a person may see that
// an earlier one was wrong.
func (t *Tx) AnswerQuestion(ctx context.Context, id int64, decision Answer, by, why string) error {
	op := fmt.Sprintf("answer question %d", id)
	n, err := t.exec(ctx, op, `
		update questions set decision = @decision, decided_by = @by, decided_why = @why, decided_at = clock_timestamp() where id = @id`,
		pgx.NamedArgs{"id": id, "decision": string(decision), "by": by, "why": words(why)})
	if err == nil && n == 0 {
		err = wrap(op, ErrNotFound)
	}
	return err
}
