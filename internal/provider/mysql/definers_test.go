package mysql_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
)

// owner makes a person who defines one view, and who may read what it is about.
func owner(t *testing.T) (*world, access.Ref, access.Step) {
	t.Helper()
	w := newWorld(t)
	ref := w.person("ada", "%")
	w.person("grace", "%")
	w.sql("create database {shop}", "create table {shop}.orders (id int)", "grant select on `[shop]`.* to {ada}@`%`",
		"create definer={ada}@`%` view {shop}.v as select id from {shop}.orders")
	return w, ref, access.Step{Action: access.Reassign, Account: ref, Database: w.name("shop"), Successor: w.name("grace")}
}

func TestASuccessorWithoutTheRightsBreaksNothing(t *testing.T) {
	w, ref, step := owner(t)
	w.sql("create definer={ada}@`%` function {shop}.f() returns int return 1")
	before := w.look(ref).Account.Grants
	_, err := w.my.Reassign(t.Context(), step)
	require.Contains(t, w.rejected(err), "lacks rights that it needs")
	require.Equal(t, before, w.look(ref).Account.Grants, "all was taken back")
	w.sql("select * from {shop}.v")

	w.sql("grant select on `[shop]`.* to {grace}@`%`")
	_, err = w.my.Reassign(t.Context(), step)
	require.NoError(t, err)
	w.sql("select * from {shop}.v")
	require.Empty(t, w.look(ref).Account.Grants)
}

func TestSuccessorsThatAreRefused(t *testing.T) {
	w, _, step := owner(t)
	w.sql("grant super on *.* to {grace}@`%`", "create role {role}", "create user {two}@a", "create user {two}@b")
	for name, why := range map[string]string{
		w.name("grace"): "is an administrator", w.name("role"): "is no account", "root": "built-in", w.name("two"): "name the successor with its host",
		w.name("nobody"): "does not exist", w.name("ada") + "@%": "the account itself",
	} {
		step.Successor = name
		_, err := w.my.Reassign(t.Context(), step)
		require.Contains(t, w.rejected(err), why, name)
	}
	w.sql("grant select on `[shop]`.* to {two}@a")
	step.Successor = w.name("two") + "@a"
	_, err := w.my.Reassign(t.Context(), step)
	require.NoError(t, err)
}

func TestCodeKeepsItsTextAndMode(t *testing.T) {
	w, ref, step := owner(t)
	w.sql("grant select on `[shop]`.* to {grace}@`%`")
	conn, err := w.admin.Conn(t.Context())
	require.NoError(t, err)
	for _, s := range []string{
		"use {shop}", "set sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES'",
		"create definer={ada}@`%` procedure p(out \"a\" text) comment 'it''s' begin set \"a\" = 'x\\' || 'DEFINER=`nobody`@`%` '; end",
		"set sql_mode = ''",
		"create definer={ada}@`%` function f() returns text charset utf8mb4 deterministic sql security invoker return 'ö\\n\\'\"'",
		"create definer={ada}@`%` view w as select 'a\\\\b\\'' as x, `id` as `i``d` from orders",
		"create definer={ada}@`%` trigger t after delete on orders for each row set @a = 'ö\\\\'",
		"set sql_mode = default",
	} {
		_, err := conn.ExecContext(t.Context(), w.fill(s))
		require.NoError(t, err, s)
	}
	require.NoError(t, conn.Close())
	w.sql("grant execute on procedure {shop}.p to {sever}@`%`")
	state := func() []string {
		return append(w.column("select concat_ws('|', name, type, sql_mode, body, param_list, returns, comment, security_type, is_deterministic, character_set_client, db_collation) from mysql.proc where db = '[shop]' order by name"),
			append(w.column("select concat_ws('|', table_name, view_definition) from information_schema.views where table_schema = '[shop]' order by 1"),
				w.column("select concat_ws('|', trigger_name, action_statement, sql_mode, action_order) from information_schema.triggers where trigger_schema = '[shop]'")...)...)
	}
	before, count := state(), len(w.look(ref).Account.Grants)
	require.Equal(t, 6, count)
	record := w.look(ref).Account
	_, err = w.my.Reassign(t.Context(), step)
	require.NoError(t, err)
	require.Equal(t, before, state())
	require.Empty(t, w.look(ref).Account.Grants)
	require.NotEmpty(t, w.column("select user from mysql.procs_priv where routine_name = 'p' and user = '[sever]'"), "rights on a routine outlive its definer")
	_, err = w.my.Restore(t.Context(), record, step)
	require.NoError(t, err)
	require.Equal(t, before, state())
	require.Equal(t, record.Grants, w.look(ref).Account.Grants)
}

func TestWhatCannotBeHandedOverAsItIs(t *testing.T) {
	w, ref, step := owner(t)
	w.sql("grant select on `[shop]`.* to {grace}@`%`",
		"create definer={ada}@`%` trigger {shop}.one before insert on {shop}.orders for each row set new.id = 1",
		"create trigger {shop}.two before insert on {shop}.orders for each row set new.id = 2")
	before := w.look(ref).Account.Grants
	_, err := w.my.Reassign(t.Context(), step)
	require.Contains(t, w.rejected(err), "their order would change")
	require.Equal(t, before, w.look(ref).Account.Grants, "nothing was done")
	_, err = w.my.Delete(t.Context(), access.Step{Action: access.Delete, Account: ref})
	require.Contains(t, w.rejected(err), "would be left without its definer")
}
