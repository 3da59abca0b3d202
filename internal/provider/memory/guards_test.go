package memory_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/memory"
)

// The system in memory is told whom to protect. What it cannot tell about an account,
// because it is down, refuses us, or knows another account under the name, changes
// nothing.
func TestGuardsFailClosed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		arrange func(*memory.System, *access.Ref)
		kind    provider.Kind
	}{
		"protected":                   {func(s *memory.System, r *access.Ref) { *r = s.Ref("root") }, provider.Rejected},
		"down":                        {func(s *memory.System, _ *access.Ref) { s.Down() }, provider.Transient},
		"our credential is refused":   {func(s *memory.System, _ *access.Ref) { s.Deny() }, provider.Denied},
		"made again since":            {func(s *memory.System, r *access.Ref) { r.ForeignID = "another" }, provider.Rejected},
		"an account of somebody else": {func(_ *memory.System, r *access.Ref) { r.Connection = "elsewhere" }, provider.Rejected},
	} {
		s := setup().Add(memory.Account{Name: "root", Protected: "last administrator"})
		ref := s.Ref("ada")
		c.arrange(s, &ref)
		for _, step := range plan(ref) {
			_, err := do(t.Context(), s, step)
			require.Error(t, err, "%s: %s", name, step.Action)
			require.Equal(t, c.kind, provider.KindOf(err), "%s: %s: %v", name, step.Action, err)
		}
		require.Empty(t, s.Writes(), name)
	}
}
