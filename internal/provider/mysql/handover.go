package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// source is an object as the server would make it again.
type source struct {
	object
	mode, client, collation, database string // under which it is read
	text                              string // of an event for comparing only
}

// handOver gives all objects another definer, or none of them. When the server stops
// answering half-way, a repeated call goes on from there.
func handOver(ctx context.Context, c *session, op string, all []object, from, to identity) error {
	if len(all) == 0 {
		return nil
	}
	var whole []source
	var stops []access.Blocker
	for _, o := range all {
		src, why, err := c.source(ctx, o)
		if err != nil {
			return err
		}
		if why == "" {
			_, why = src.statement(from, to)
		}
		if why != "" {
			if now, err := c.definer(ctx, o); err != nil || now != from {
				return errors.Join(err, fmt.Errorf("%s changed in between", o.words()))
			}
			stops = append(stops, o.blocker(from, why))
		}
		whole = append(whole, src)
	}
	if len(stops) > 0 {
		return refuse(op, fmt.Errorf("%d of %d objects cannot be handed over as they are", len(stops), len(all)), stops...)
	}
	for i, src := range whole {
		err := c.move(ctx, op, src, from, to)
		if provider.KindOf(err) == provider.Rejected {
			return c.takeBack(context.WithoutCancel(ctx), whole[:i+1], from, to, err)
		}
		if err != nil {
			return err
		}
	}
	// What the session took on of the objects ends here.
	return c.exec(ctx, "set names utf8mb4 collate utf8mb4_bin", "set session sql_mode = '"+c.mode()+"'")
}

// takeBack undoes a handing over that was refused half-way.
func (c *session) takeBack(ctx context.Context, moved []source, from, to identity, cause error) error {
	var failed error
	for _, src := range slices.Backward(moved) {
		if now, err := c.definer(ctx, src.object); err == nil && now == from {
			continue
		}
		src.text, _ = redefined(src.text, from, to)
		failed = errors.Join(failed, c.move(ctx, "", src, to, from))
	}
	if failed == nil {
		return cause
	}
	if e, ok := errors.AsType[*provider.Error](cause); ok {
		e.Kind = provider.Transient // a next call must finish it, in whatever direction
		e.Err = fmt.Errorf("%w; %w: %w", e.Err, errNotBack, failed)
	}
	return cause
}

// redefined is a text with another definer in it. The server quotes names as the mode
// wants it in which an object was made.
func redefined(text string, from, to identity) (out string, ok bool) {
	head, rest, _ := strings.Cut(text, "DEFINER=")
	ansi := func(i identity) string {
		double := func(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
		return double(i.User) + "@" + double(i.Host)
	}
	if rest, ok := strings.CutPrefix(rest, from.sql()+" "); ok {
		return head + "DEFINER=" + to.sql() + " " + rest, true
	}
	if rest, ok := strings.CutPrefix(rest, ansi(from)+" "); ok {
		return head + "DEFINER=" + ansi(to) + " " + rest, true
	}
	return text, false
}

// source reads an object, and says why it cannot be made again in the same way.
func (c *session) source(ctx context.Context, o object) (src source, why string, err error) {
	src = source{object: o, mode: o.Mode}
	show := "show create " + o.Kind + " " + o.sql()
	// A view is stored as the server understood it, and is read without any mode. What it
	// names in its own database is shown without that.
	if err := c.exec(ctx, "use "+quote(o.Database), "set session sql_mode = ''", "set names utf8mb4"); err != nil {
		return src, "", err
	}
	rows, err := c.QueryContext(ctx, show)
	if err != nil {
		if n := number(err); n != 0 {
			return src, "the server does not show it: " + err.Error(), nil
		}
		return src, "", err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return src, "", err
	}
	values := make([]sql.NullString, len(columns))
	into := make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	if !rows.Next() {
		return src, "it vanished in between", rows.Err()
	}
	if err := rows.Scan(into...); err != nil {
		return src, "", err
	}
	for i, name := range columns {
		switch v := values[i].String; {
		case strings.HasPrefix(name, "Create ") || name == "SQL Original Statement":
			src.text = v
		case name == "character_set_client":
			src.client = v
		case name == "collation_connection":
			src.collation = v
		case name == "Database Collation":
			src.database = v
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return src, "", err
	}
	beside := 0
	if o.Kind == "trigger" {
		err = c.QueryRowContext(ctx, besideIt, o.Database, o.Order).Scan(&beside)
	}
	return src, src.obstacle(beside > 1), err
}

// besideIt counts the triggers that run for the same event of a table, whoever's they are.
const besideIt = `
select count(*) from information_schema.TRIGGERS
where TRIGGER_SCHEMA = ? and concat_ws('.', EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION) = ?`

// obstacle says why the text, sent again, would not make the same object.
func (src source) obstacle(beside bool) string {
	unicode := src.client == "utf8mb3" || src.client == "utf8mb4" || src.client == "utf8"
	ascii := strings.IndexFunc(src.text, func(r rune) bool { return r > 126 }) < 0
	switch {
	case src.text == "":
		return "our login may not see its text"
	case !unicode && !ascii:
		return "its text is in the character set " + src.client
	case strings.Contains(src.mode, "ORACLE"):
		return "it is written in sql_mode ORACLE"
	case beside:
		return "other triggers run for the same event, and their order would change"
	}
	return ""
}

// statement makes the object again, or changes it, with another definer.
func (src source) statement(from, to identity) (statement, why string) {
	if src.Fixed {
		return "", "this server changes its definer only by dropping it and making it again, with all that is granted on it"
	}
	if src.Kind == "event" {
		// Nothing but the definer changes: what it does and when is not said again.
		status := map[string]string{"ENABLED": "enable", "DISABLED": "disable", "SLAVESIDE_DISABLED": "disable on slave"}[src.Status]
		if status == "" {
			return "", "its status is " + src.Status
		}
		return "alter definer=" + to.sql() + " event " + src.sql() + " " + status, ""
	}
	text, ok := redefined(src.text, from, to)
	if !ok {
		return "", "its text does not name the definer where that belongs"
	}
	head, rest, _ := strings.Cut(text, "DEFINER=")
	kind := strings.TrimPrefix(strings.TrimPrefix(head, "CREATE "), "OR REPLACE ")
	if src.Kind == "view" {
		if kind != "ALGORITHM=UNDEFINED " && kind != "ALGORITHM=MERGE " && kind != "ALGORITHM=TEMPTABLE " {
			return "", "its text begins in an unknown way"
		}
		return "ALTER " + kind + "DEFINER=" + rest, ""
	}
	if kind != "" {
		return "", "its text begins in an unknown way"
	}
	return "CREATE OR REPLACE DEFINER=" + rest, ""
}

// move gives one object another definer, and reads back that nothing else changed. A
// view must still be readable with the rights of its new definer, if it was before.
func (c *session) move(ctx context.Context, op string, src source, from, to identity) error {
	sql, why := src.statement(from, to)
	if why != "" {
		return refuse(op, errors.New("it cannot be handed over as it is"), src.blocker(from, why))
	}
	worked := src.Kind == "view" && c.opens(ctx, src.object) == nil
	err := c.exec(ctx, "use "+quote(src.Database), "set names "+src.client+" collate "+src.collation,
		"set session sql_mode = "+literal(src.mode), sql)
	if err != nil {
		if n := number(err); n != 0 && n != 1205 && n != 1213 && n != 1969 {
			return refuse(op, errors.New("the server refused to hand it over"), src.blocker(from, err.Error()))
		}
		return err
	}
	if worked {
		if err := c.opens(ctx, src.object); err != nil {
			return refuse(op, errors.New("the successor cannot use it, and it was taken back"),
				src.blocker(from, to.String()+" lacks rights that it needs: "+err.Error()))
		}
	}
	now, why, err := c.source(ctx, src.object)
	if err != nil {
		return err
	}
	if now.text == "" { // as while somebody else makes it anew; whether it was handed over is for a next call to see
		return fmt.Errorf("%s was handed over and could not be read again: %s", src.words(), why)
	}
	// A view whose definer lacks rights is shown in another form than one that works.
	want, _ := redefined(src.text, from, to)
	same := now.text == want || (src.Kind == "view" && !worked)
	if !same || now.client != src.client || now.collation != src.collation || now.database != src.database {
		return refuse(op, errors.New("it came out in another form, and was taken back"), src.blocker(from, "the server made something else of its own text"))
	}
	return nil
}

// opens has the server prepare a query of a view, which checks the rights of its
// definer and reads nothing.
func (c *session) opens(ctx context.Context, o object) error {
	stmt, err := c.PrepareContext(ctx, "select * from "+o.sql())
	if err != nil {
		return err
	}
	defer stmt.Close()
	return nil
}

// definer is who defines an object now.
func (c *session) definer(ctx context.Context, o object) (identity, error) {
	i := slices.IndexFunc(c.objects(), func(d definitions) bool { return slices.Contains(d.kinds, o.Kind) })
	if i < 0 {
		return identity{}, fmt.Errorf("%s is of a kind that I do not know", o.words())
	}
	d, args := c.objects()[i], []any{o.Database, o.Name}
	query := d.one
	if d.kind != "" {
		query, args = query+" and "+d.kind+" = ?", append(args, strings.ToUpper(o.Kind))
	}
	var text string
	err := c.QueryRowContext(ctx, query, args...).Scan(&text)
	return splitAccount(text), err
}
