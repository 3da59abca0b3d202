package access_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
)

func TestAnAccountIsNamedWithItsResourceWhereItMustBe(t *testing.T) {
	t.Parallel()
	one, two := access.Ref{Connection: "do", Resource: "kafka", Name: "ada"}, access.Ref{Connection: "do", Resource: "pg", Name: "ada"}
	again, other := access.Ref{Connection: "do", Resource: "pg", Name: "bob", ForeignID: "7"}, access.Ref{Connection: "do", Resource: "pg", Name: "bob", ForeignID: "8"}
	name := access.Namer([]access.Ref{one, two, again, other})
	require.Equal(t, "do/ada on kafka", name(one))
	require.Equal(t, "do/ada on pg", name(two))
	require.Equal(t, "do/bob", name(again), "made again under its name, it is still where it was")
	require.Equal(t, "do/ada", access.Namer([]access.Ref{one})(one))
}
