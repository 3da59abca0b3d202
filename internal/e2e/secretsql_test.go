package e2e_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/url"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/dev/devtest"
)

// mariadb is a server with an administrator of ours and two leavers on it, behind a parrot.
func (s *secrets) mariadb() (dsn string) {
	s.t.Helper()
	root := devtest.MariaDB(s.t).Config()
	connector, err := mysql.NewConnector(root)
	require.NoError(s.t, err)
	db := sql.OpenDB(connector)
	defer db.Close()
	password, admin := s.word("of-our-other-admin"), "sever_"+unique()
	for _, q := range []string{
		fmt.Sprintf("create user %s@`%%` identified by '%s'", admin, password), fmt.Sprintf("grant all privileges on *.* to %s@`%%` with grant option", admin),
		fmt.Sprintf("create user %s@`%%` identified by '%s'", s.role, s.word("of-the-other-leaver")),
		fmt.Sprintf("create user %s_2@`%%` identified by '%s'", s.role, s.word("of-who-comes-back-there")),
	} {
		_, err := db.ExecContext(s.t.Context(), q)
		require.NoError(s.t, err)
	}
	s.parrots["my-main"] = newParrot(s.t, mariadbParrot, root.Addr, password, 2)
	return (&url.URL{Scheme: "mysql", User: url.UserPassword(admin, password), Host: s.parrots["my-main"].Addr().String()}).String()
}

// back is who leaves and comes back.
const back = "E5005"

// comesBack closes a case as far as it goes, and gives back what it took.
func (s *secrets) comesBack(p places) (id string) {
	s.t.Helper()
	id = s.offboard(p, back, "incident")
	s.settles(id)
	s.run(p, "retry", id) // what the parrots refused
	s.awaits(`select count(*) = 2 from case_accounts where case_id = $1 and outcome in ('removed', 'already_gone')`, id, true)
	for _, silent := range []string{"pg-bad", "do-bad"} {
		s.run(p, "waive", id, silent, "--reason", "it never answers")
	}
	s.awaits(`select status = 'closed_with_exceptions' from cases where id = $1`, id, true)
	said := s.run(p, "reinstate", id, "--reason", "hired again", "--json")
	var asked struct {
		Hash string `json:"hash"`
	}
	require.NoError(s.t, json.Unmarshal([]byte(said), &asked), said)
	s.run(p, "approve", id, "--plan", asked.Hash, "--as", "boss")
	s.awaits(`select status = 'reinstated' from cases where id = $1`, id, true)
	s.run(p, "status", id)
	return id
}
