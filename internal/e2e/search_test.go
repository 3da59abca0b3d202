package e2e_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/proxy"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/severhq/sever/internal/payload"
	"github.com/severhq/sever/internal/wiring"
)

// places are all that is written down anywhere, by where.
type places map[string]string

// found lists the places that have a secret in them, in any of its forms.
func (p places) found(secret string) (where []string) {
	for place, text := range p {
		for form, words := range forms(secret) {
			if strings.Contains(text, words) {
				where = append(where, place+" ("+form+")")
			}
		}
	}
	return where
}

// forms are how a word may be written.
func forms(secret string) map[string]string {
	out := map[string]string{
		"plain": secret, "hex": hex.EncodeToString([]byte(secret)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(secret))),
		"query": url.QueryEscape(secret), "path": url.PathEscape(secret), "userinfo": url.UserPassword("", secret).String()[1:],
		"quoted": strings.Trim(fmt.Sprintf("%q", secret), `"`),
	}
	for shift := range 3 { // base64 depends on where a word begins
		for name, encoding := range map[string]*base64.Encoding{"base64": base64.StdEncoding, "base64url": base64.URLEncoding} {
			inner := encoding.EncodeToString([]byte(strings.Repeat(".", shift) + secret))
			out[fmt.Sprintf("%s+%d", name, shift)] = inner[4 : len(inner)-4]
		}
	}
	return out
}

// histories reads every workflow there is: as Temporal has it, and decrypted.
func (p places) histories(ctx context.Context, t *testing.T, c *wiring.Temporal, keys *payload.Keys) {
	t.Helper()
	all, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Namespace: c.Namespace, PageSize: 1000})
	require.NoError(t, err)
	require.NotEmpty(t, all.Executions)
	for _, w := range all.Executions {
		listed, err := protojson.Marshal(w)
		require.NoError(t, err)
		raw, plain := string(listed), string(listed)
		events := c.GetWorkflowHistory(ctx, w.Execution.WorkflowId, w.Execution.RunId, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for events.HasNext() {
			e, err := events.Next()
			require.NoError(t, err)
			b, err := protojson.Marshal(e)
			require.NoError(t, err)
			raw += string(b) + "\n"
			require.NoError(t, proxy.VisitPayloads(ctx, e, proxy.VisitPayloadsOptions{SkipSearchAttributes: true,
				Visitor: func(_ *proxy.VisitPayloadsContext, sealed []*commonpb.Payload) ([]*commonpb.Payload, error) {
					open, err := keys.Codec().Decode(sealed)
					for _, o := range open {
						plain += string(o.GetData()) + "\n"
					}
					return open, err
				}}))
			b, err = protojson.Marshal(e)
			require.NoError(t, err)
			plain += string(b) + "\n"
		}
		p["history "+w.Execution.WorkflowId+" "+w.Execution.RunId] += raw
		p["decrypted history "+w.Execution.WorkflowId+" "+w.Execution.RunId] += plain
	}
}

// dump reads every row of every table of the records, each as JSON. That has bytea in hex.
func (p places) dump(ctx context.Context, t *testing.T, conn *pgx.Conn) {
	t.Helper()
	rows, err := conn.Query(ctx, `select table_schema, table_name from information_schema.tables
		where table_schema not in ('pg_catalog', 'information_schema') and table_type = 'BASE TABLE'`)
	require.NoError(t, err)
	tables, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (pgx.Identifier, error) {
		id := make(pgx.Identifier, 2)
		return id, row.Scan(&id[0], &id[1])
	})
	require.NoError(t, err)
	require.Greater(t, len(tables), 15)
	for _, table := range tables {
		rows, err := conn.Query(ctx, "select to_jsonb(t)::text from "+table.Sanitize()+" t")
		require.NoError(t, err)
		all, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		p["table "+table[1]] = strings.Join(all, "\n")
	}
}

// files reads what the installation keeps in its folder, besides the two places that are
// for secrets, the settings, and the files of the database, which dump reads.
func (p places) files(t *testing.T, home string) {
	t.Helper()
	n := 0
	require.NoError(t, filepath.WalkDir(home, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(home, path)
		if err != nil {
			return err
		}
		switch top, _, _ := strings.Cut(name, string(filepath.Separator)); {
		case d.IsDir() && (top == "keys" || top == "credentials" || strings.HasPrefix(top, "postgres")):
			return filepath.SkipDir
		case !d.Type().IsRegular() || name == "sever.env":
			return nil
		}
		b, err := os.ReadFile(path)
		p["file "+name] = string(b)
		n++
		return err
	}))
	require.Greater(t, n, 2)
}

// arguments reads the command lines of a process and of all below it.
func (p places) arguments(pid int) {
	for _, pid := range append(below(pid), pid) {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if err == nil {
			p["arguments"] += strings.ReplaceAll(string(b), "\x00", " ") + "\n"
		}
	}
}

func TestTheSearchFindsEveryForm(t *testing.T) {
	t.Parallel()
	const secret = "S3cret/with+odd=signs&\"more\" of it"
	for form, words := range forms(secret) {
		require.NotEmpty(t, places{"x": "before " + words + " behind"}.found(secret), form)
	}
	for shift := range 3 {
		leak := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + secret + strings.Repeat("y", 4)))
		require.NotEmpty(t, places{"x": leak}.found(secret), "%d", shift)
	}
	require.Empty(t, places{"x": "nothing of it"}.found(secret))
}
