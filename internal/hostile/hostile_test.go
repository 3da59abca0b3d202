package hostile_test

import (
	"flag"
	"runtime"
	"strconv"
	"testing"

	"github.com/severhq/sever/internal/dev/devtest"
	"github.com/severhq/sever/internal/dev/severtest"
)

// Scenarios wait most of the time, so more of them run at once than there are processors.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", strconv.Itoa(8*runtime.GOMAXPROCS(0))); err != nil {
		panic(err)
	}
	devtest.Main(m)
}

// TestHostileConditions plays every scenario on both servers, all at once: most of them
// with one Sever, as cases of people who leave on the same day.
func TestHostileConditions(t *testing.T) {
	t.Parallel()
	for _, on := range []struct {
		name        string
		shared, own func(*testing.T) server
	}{
		{
			"PostgreSQL",
			func(t *testing.T) server { return onPostgres{Server: devtest.Postgres(t)} },
			func(t *testing.T) server { return onPostgres{Server: devtest.PostgresAlone(t)} },
		}, {
			"MariaDB",
			func(t *testing.T) server { return onMariaDB{Server: devtest.MariaDB(t)} },
			func(t *testing.T) server { return onMariaDB{Server: devtest.MariaDBAlone(t)} },
		},
	} {
		t.Run(on.name, func(t *testing.T) {
			t.Parallel()
			s := on.shared(t)
			conn := s.connection(t, "main-"+severtest.Unique(), person{}, "")
			w := severtest.New(t, conn)
			for _, c := range scenarios {
				if c.on != "" && c.on != on.name {
					continue
				}
				t.Run(c.name, func(t *testing.T) {
					t.Parallel()
					at := s
					if c.kills {
						at = on.own(t)
					}
					g := newStage(t, at, "ada_")
					if !c.alone {
						g.in(w, conn)
					}
					c.play(g)
					g.untouched()
				})
			}
		})
	}
}
