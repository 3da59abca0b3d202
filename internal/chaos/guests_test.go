package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	driver "github.com/go-sql-driver/mysql"
)

// pingLimit is how long a question to a server may take that nobody harms.
const pingLimit = 10 * time.Second

// guests are people who are logged in at MariaDB, and come back whenever they are thrown
// out, as programs do.
type guests struct {
	stop context.CancelFunc
	all  sync.WaitGroup
}

// welcome logs them in, with the password that all have.
func (m *maria) welcome(ctx context.Context, names []string) *guests {
	ctx, stop := context.WithCancel(ctx)
	g := &guests{stop: stop}
	for _, name := range names {
		g.all.Go(func() {
			for again := true; again; again = pause(ctx, 50*time.Millisecond) == nil {
				m.visit(ctx, name)
			}
		})
	}
	return g
}

// visit lasts until the session ends, or there is none.
func (m *maria) visit(ctx context.Context, name string) {
	db := m.open(name, "p")
	defer db.Close()
	c, err := db.Conn(ctx)
	if err != nil {
		return
	}
	defer c.Close()
	for c.PingContext(ctx) == nil && pause(ctx, 50*time.Millisecond) == nil {
	}
}

// leave ends all sessions.
func (g *guests) leave() {
	g.stop()
	g.all.Wait()
}

// onMaria asks the server, and the people themselves: who may come in, and who is in.
func (s *stage) onMaria(ctx context.Context, all []string) (wrong []string) {
	wrong = s.definers(all)
	for _, l := range s.people {
		if l.Hosts == 0 {
			continue
		}
		e, err := s.w.ending(ctx, l.id)
		if err != nil {
			return append(wrong, "the judge could not look: "+err.Error())
		}
		in, err := s.w.maria.inside(ctx, l.name)
		if err != nil {
			return append(wrong, "the judge could not look: "+err.Error())
		}
		at := visitor{stands: e.Status, sessions: in, door: s.w.maria.knock(ctx, l.name, "p"), namesake: s.w.maria.knock(ctx, l.name+"x", "p")}
		for _, m := range accountsOnMaria(l) {
			fits, err := s.w.fits(ctx, e.ID, m)
			if err != nil {
				return append(wrong, "the judge could not look: "+err.Error())
			}
			if !fits {
				at.dead = append(at.dead, m.object())
			}
		}
		for _, w := range at.wrong() {
			wrong = append(wrong, fmt.Sprintf("%s, case %s %s: %s", l.id, e.ID, e.Status, w))
		}
	}
	return wrong
}

// inside are the sessions of somebody. Who knocks, and is about to be refused, shows among
// them for a moment: a session is there when it is looked at again.
func (m *maria) inside(ctx context.Context, name string) (in []string, err error) {
	const look = `select concat('session ', id, ' from ', host) from information_schema.processlist where user = '`
	for i := range 2 {
		now, err := m.column(ctx, look+name+`'`)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			in = now
		}
		in = slices.DeleteFunc(in, func(s string) bool { return !slices.Contains(now, s) })
		if len(in) == 0 {
			return nil, nil
		}
		if err := pause(ctx, 200*time.Millisecond); err != nil {
			return nil, err
		}
	}
	return in, nil
}

// visitor is what was seen of somebody at the door of MariaDB.
type visitor struct {
	stands   string   // the case
	sessions []string // that are open
	door     error    // what is said to who knocks with the password of before
	namesake error    // likewise, who has nothing to do with it
	dead     []string // accounts that no password fits which anybody knows
}

func (v visitor) wrong() (wrong []string) {
	if v.namesake != nil {
		wrong = append(wrong, "the namesake cannot log in at MariaDB: "+v.namesake.Error())
	}
	switch v.stands {
	case "clean":
		if len(v.sessions) > 0 {
			wrong = append(wrong, "alive at MariaDB: "+strings.Join(v.sessions, ", "))
		}
		if e, said := errors.AsType[*driver.MySQLError](v.door); !said || e.Number != accessDenied {
			wrong = append(wrong, fmt.Sprintf("MariaDB does not refuse the login: %v", v.door))
		}
	case "cancelled", "reinstated":
		for _, account := range v.dead {
			wrong = append(wrong, "given back, and no password of before or handed out fits: "+account)
		}
	}
	return wrong
}

const accessDenied = 1045

// knock logs in, and says what was said against it.
func (m *maria) knock(ctx context.Context, name, password string) error {
	ctx, cancel := context.WithTimeout(ctx, pingLimit)
	defer cancel()
	db := m.open(name, password)
	defer db.Close()
	return db.PingContext(ctx)
}

// fits reports whether the account has the hash of the password of before, or of one that
// the case handed out.
func (w *world) fits(ctx context.Context, caseID string, m made) (bool, error) {
	known := "'p'"
	handed, err := filepath.Glob(filepath.Join(w.home, "credentials", caseID+"."+Maria+".*."+m.account+"%40*"))
	if err != nil {
		return false, err
	}
	for _, path := range handed {
		b, err := os.ReadFile(path)
		if err != nil {
			return false, err
		}
		known += ", '" + strings.TrimSpace(string(b)) + "'"
	}
	query := "select 'fits' from mysql.global_priv where user = '" + m.account + "' and host = '" + m.host + "' and json_value(priv, '$.authentication_string') in (password(" +
		strings.ReplaceAll(known, ", ", "), password(") + "))"
	found, err := w.maria.column(ctx, query)
	return len(found) > 0, err
}
