package store

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/notice"
)

// toTell is what a transaction has to tell besides its rows of the audit trail.
type toTell struct {
	tasks []notice.Task
	ready []notice.Notice
}

// Tell puts a notice into the outbox when the transaction commits.
func (t *Tx) Tell(n notice.Notice) { t.tell.ready = append(t.tell.ready, n) }

// writeNotices puts into the outbox what this transaction has to tell, for every
// subscriber that wants it. What was put there before stays as it is. It asks no
// destination for anything: whether one can be reached is of no concern here.
func (t *Tx) writeNotices(ctx context.Context) error {
	const op = "write the notices"
	if len(t.after.subscribers) == 0 {
		return nil
	}
	all := append(notice.Of(t.added, t.tell.tasks), t.tell.ready...)
	if len(all) == 0 {
		return nil
	}
	cases, err := t.casesTold(ctx, all)
	if err != nil {
		return wrap(op, err)
	}
	// In one order, so that two who tell the same do not wait for each other.
	slices.SortStableFunc(all, func(a, b notice.Notice) int { return cmp.Compare(a.ID(), b.ID()) })
	var batch pgx.Batch
	for _, n := range all {
		c, told := cases[n.Case]
		if !told && n.Case != "" {
			continue // of a dry run, which happens to nobody
		}
		body, err := json.Marshal(n.For(c.Subject))
		if err != nil {
			return wrap(op, err)
		}
		for _, s := range t.after.subscribers {
			if s.Wants(n) {
				queueNotice(&batch, s.Name, n, withoutZeroBytes(body))
			}
		}
	}
	if batch.Len() == 0 {
		return nil
	}
	return wrap(op, t.tx.SendBatch(ctx, &batch).Close())
}

// queueNotice writes a notice for one destination, in the first of its turns that is free.
func queueNotice(b *pgx.Batch, destination string, n notice.Notice, body []byte) {
	args := pgx.NamedArgs{"destination": destination, "kind": string(n.Kind), "case": n.Case, "body": string(body), "message": "", "later": "", "after": nil}
	for _, t := range n.Turns() {
		if args["message"] == "" {
			args["message"] = t.ID
			continue
		}
		args["later"], args["after"] = t.ID, t.After
	}
	b.Queue(`
		with now as (
		    insert into notices (destination, message, kind, case_id, body)
		    values (@destination, @message, @kind, nullif(@case, ''), @body::text::json)
		    on conflict on constraint notices_once do nothing returning no
		)
		insert into notices (destination, message, kind, case_id, body, since, next_at)
		select @destination, @later::text, @kind, nullif(@case, ''), @body::text::json, @after::timestamptz, @after::timestamptz
		where @later::text <> '' and not exists (select from now)
		on conflict on constraint notices_once do nothing`, args)
}

// caseTold is what a message has to know of its case.
type caseTold struct {
	ID string
	notice.Subject
}

func (t *Tx) casesTold(ctx context.Context, all []notice.Notice) (map[string]caseTold, error) {
	ids := make([]string, len(all))
	for i, n := range all {
		ids[i] = n.Case
	}
	found, err := collect(ctx, t.db, "read the cases", func(row pgx.CollectableRow) (c caseTold, err error) {
		return c, row.Scan(&c.ID, &c.Principal, &c.Reason, &c.Email)
	}, `
		select c.id, c.principal, c.reason, p.email from cases c join principals p on p.id = c.principal
		where c.id = any(@ids::text[]) and c.status <> 'dry_run'`, pgx.NamedArgs{"ids": ids})
	out := map[string]caseTold{}
	for _, c := range found {
		out[c.ID] = c
	}
	return out, err
}
