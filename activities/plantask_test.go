package activities

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/roles"
)

func TestWhoMayApproveHasTheTask(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		vars         map[string]string
		owner, first string
	}{
		"no roles":              {nil, "somebody other than ann", ""},
		"everybody":             {map[string]string{"SEVER_ROLE_APPROVER": "*"}, "somebody other than ann", ""},
		"two":                   {map[string]string{"SEVER_ROLE_APPROVER": "bella, Carl"}, "bella, Carl", ""},
		"the requester and one": {map[string]string{"SEVER_ROLE_APPROVER": "ANN, bella"}, "bella", ""},
		"the requester alone": {map[string]string{"SEVER_ROLE_APPROVER": "ann"}, "who runs Sever",
			"nobody but ann may approve it: list somebody in SEVER_ROLE_APPROVER; "},
		"nobody": {map[string]string{"SEVER_ROLE_REQUESTER": "ann"}, "who runs Sever", "nobody may approve it: list somebody in SEVER_ROLE_APPROVER; "},
	} {
		who, err := roles.Parse(c.vars)
		require.NoError(t, err)
		owner, first := approvers(who, "ann")
		require.Equal(t, c.owner, owner, name)
		require.Equal(t, c.first, first, name)
	}
}
