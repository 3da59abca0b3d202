package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/severhq/sever/internal/dev/leaver"
	"github.com/severhq/sever/internal/dev/mariadb"
	"github.com/severhq/sever/internal/provider/catalog"
)

// maria is the part of a demonstration that is about MariaDB, where that is installed.
type maria struct {
	missing error // why there is none
	server  *mariadb.Server
	site    *leaver.Maria
	session *leaver.MariaSession // Ada's, while the case runs
	others  string               // what everybody else has
}

// mariaTarget is its connection.
const mariaTarget = "maria-main"

// start starts a server and plants people on it.
func (m *maria) start(ctx context.Context, dir string) (err error) {
	m.missing = mariadb.Installed()
	if m.missing != nil {
		return nil //nolint:nilerr // the demonstration goes without it, and says so
	}
	if m.server, err = mariadb.Start(ctx, mariadb.Options{Dir: filepath.Join(dir, mariaTarget)}); err != nil {
		return err
	}
	m.site, err = leaver.PlantMaria(ctx, m.server)
	return err
}

func (m *maria) close() {
	if m.server != nil {
		_ = m.server.Stop()
	}
}

// connection is its entry in the list of connections, and settings what that needs.
func (m *maria) connection() string {
	if m.site == nil {
		return ""
	}
	return mariaTarget + "=mysql,"
}

func (m *maria) settings() []string {
	if m.site == nil {
		return nil
	}
	prefix := catalog.Prefix(mariaTarget)
	return []string{prefix + "URL=" + m.site.Admin().Reveal(), prefix + "TLS=off", prefix + "OWNER=the database team"}
}

func (m *maria) roster() string {
	if m.site == nil {
		return ""
	}
	return leaver.MariaRoster(mariaTarget)
}

// successors are arguments of sever offboard.
func (m *maria) successors() []string {
	if m.site == nil {
		return nil
	}
	return []string{"--successor", mariaTarget + "=" + leaver.Successor}
}

// mariaServer says where it is.
func (d *demonstration) mariaServer() {
	if d.maria.site == nil {
		d.out.linef("  %s  left out: %v", mariaTarget, d.maria.missing)
		return
	}
	d.out.linef("  %s MariaDB at %s: another one", mariaTarget, d.maria.server.Addr)
}

func (d *demonstration) mariaPeople() {
	if d.maria.site == nil {
		return
	}
	d.out.line("  On MariaDB Ada is ada@% and ada@10.20.30.%: privileges at every level, a default role, and the")
	d.out.line("  definer of a view, a function, a procedure, a trigger and an event. Carol is carol@%.")
}

// mariaBefore shows that the access is real, and keeps a session open.
func (d *demonstration) mariaBefore(ctx context.Context) (err error) {
	m := &d.maria
	if m.site == nil {
		return nil
	}
	if _, m.others, err = m.site.Others(ctx, leaver.Ada, leaver.Carol); err != nil {
		return err
	}
	m.session, err = m.site.Open(ctx, leaver.Ada)
	d.check(err == nil, "ada can log in to MariaDB", wordsOf(err))
	return err
}

// mariaAfter tries what a leaver would try, and looks into the server's own tables.
func (d *demonstration) mariaAfter(ctx context.Context) error {
	m := &d.maria
	if m.site == nil {
		return nil
	}
	defer m.session.Close()
	err := m.site.Login(ctx, leaver.Ada)
	d.check(err != nil, "her login to MariaDB is refused", wordsOf(err))
	err = m.session.Ask(ctx, "select count(*) from wiki.pages")
	d.check(err != nil, fmt.Sprintf("her open session there (connection %d) is dead", m.session.ID), wordsOf(err))
	n, err := m.site.Count(ctx, leaver.Successor, "select (select count(*) from wiki.recent) + wiki.titles()")
	d.check(err == nil && n == 300, "the view and the function that she defined work, for grace", fmt.Sprintf("100 rows and a count of 200%s", orError(err)))
	return d.mariaGone(ctx, leaver.Ada, "her two accounts, and nothing names them")
}

// mariaGone counts what is left of somebody, and holds everybody else against before.
func (d *demonstration) mariaGone(ctx context.Context, who, what string) error {
	if d.maria.site == nil {
		return nil
	}
	n, err := d.maria.site.Named(ctx, who)
	d.check(err == nil && n == 0, "MariaDB has lost "+what, fmt.Sprintf("%d rows of its own tables name %s%s", n, who, orError(err)))
	accounts, others, err := d.maria.site.Others(ctx, leaver.Ada, leaver.Carol)
	if err != nil {
		return err
	}
	d.check(others == d.maria.others, "and has of everybody else what it had", fmt.Sprintf("%d accounts and roles, letter for letter", accounts))
	return nil
}
