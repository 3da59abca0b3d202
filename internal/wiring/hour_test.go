package wiring_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/provider/memory"
	"github.com/severhq/sever/workflows"
)

// Many small cases are one large one: the limit of an hour counts them together, also
// when all of them arrive at once.
func TestManyCasesInAnHourWaitForAPerson(t *testing.T) {
	t.Parallel()
	var planted []memory.Account
	const people, most = 6, 4
	for i := range people {
		planted = append(planted, memory.Account{Name: fmt.Sprintf("person%d", i), Password: "x"})
	}
	conn, system := severtest.InMemory(t, planted...)
	w := severtest.New(t, conn)
	w.Policy.MaxPerHour = most
	who := func(i int) access.PrincipalID { return access.PrincipalID(fmt.Sprintf("E%d", i)) }
	for i := range people {
		w.Owns(who(i), system.Ref(planted[i].Name))
	}
	for i := range people {
		w.Submit(who(i), "key-1")
	}
	waiting := 0
	for i := range people {
		p := w.Reaches(who(i), "planned", func(p workflows.Progress) bool { return len(p.Plans) > 0 })
		if p.Plans[0].Status == workflows.PlanWaiting {
			waiting++
			saved, err := w.Parts.Store.Plan(w.Ctx, p.Case, 1)
			require.NoError(t, err)
			require.Regexp(t, `^blast radius: [56] accounts on `+conn.Name+` within an hour, by all cases together; the limit is 4$`, saved.Guards[0])
		}
	}
	require.Equal(t, people-most, waiting)
	require.Eventually(t, func() bool { return len(system.World()) == people-most }, 30*time.Second, 10*time.Millisecond)
	for i := range people {
		_ = w.Say(who(i), workflows.UpdateCancel, workflows.Decision{By: "hr", Why: "a test"})
	}
}
