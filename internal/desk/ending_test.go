package desk

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/severhq/sever/workflows"
)

// What is about to end is asked again, each time as a request of its own; any other
// answer is the answer.
func TestWhileEnding(t *testing.T) {
	t.Parallel()
	no := func(kind string) error { return temporal.NewNonRetryableApplicationError("in their words", kind, nil) }
	down := errors.New("connection refused")
	for name, c := range map[string]struct {
		answers []error
		tries   int
		said    string
		err     error
	}{
		"yes":                        {[]error{nil}, 1, "", nil},
		"closing, and gone":          {[]error{no(workflows.Closing), no(workflows.Closing), nil}, 3, "", nil},
		"a reinstatement withdraws":  {[]error{no(workflows.Outranked), nil}, 2, "", nil},
		"it gives back first":        {[]error{no(workflows.Cancelling)}, 1, workflows.Cancelling, nil},
		"no, whenever":               {[]error{no("")}, 1, "", nil},
		"closing, and then not here": {[]error{no(workflows.Closing), down}, 2, "", down},
	} {
		var tries []string
		_, err := whileEnding(context.Background(), func(_ context.Context, try string) (int, error) {
			tries = append(tries, try)
			return 0, c.answers[len(tries)-1]
		})
		require.Len(t, tries, c.tries, name)
		for i, try := range tries {
			require.NotContains(t, tries[:i], try, name)
		}
		last := c.answers[c.tries-1]
		switch {
		case c.err != nil:
			require.ErrorIs(t, err, c.err, name)
		case last == nil:
			require.NoError(t, err, name)
		default:
			require.Equal(t, []string{"in their words", c.said}, []string{Explain(err).Err.Error(), Explain(err).Said}, name)
		}
	}
}
