package roles_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/roles"
)

// acts are all acts and the one role that each takes; of Read any.
var acts = map[roles.Act]roles.Role{
	roles.Request: roles.Requester, roles.Rehearse: roles.Requester, roles.Provision: roles.Requester,
	roles.Approve: roles.Approver, roles.Deny: roles.Approver,
	roles.Hold: roles.Operator, roles.Resume: roles.Operator, roles.Retry: roles.Operator, roles.Escalate: roles.Operator,
	roles.Cancel: roles.Operator, roles.Waive: roles.Operator, roles.Reinstate: roles.Operator, roles.Identify: roles.Operator,
	roles.Import: roles.Operator, roles.Finish: roles.Operator, roles.Issue: roles.Operator,
}

func parse(t *testing.T, vars map[string]string) roles.Roles {
	t.Helper()
	r, err := roles.Parse(vars)
	require.NoError(t, err)
	return r
}

func TestEachActTakesItsRole(t *testing.T) {
	t.Parallel()
	r := parse(t, map[string]string{"SEVER_ROLE_REQUESTER": "rita", "SEVER_ROLE_APPROVER": "anna", "SEVER_ROLE_OPERATOR": "olaf", "SEVER_ROLE_AUDITOR": "audrey"})
	people := map[roles.Role]string{roles.Requester: "rita", roles.Approver: "anna", roles.Operator: "olaf", roles.Auditor: "audrey"}
	for role, who := range people {
		for act, takes := range acts {
			require.Equal(t, role == takes, r.May(who, act) == nil, "%s: %s", who, act)
		}
		require.NoError(t, r.May(who, roles.Read))
	}
	for act := range acts {
		require.Error(t, r.May("mallory", act))
	}
	require.Error(t, r.May("mallory", roles.Read))
}

func TestRolesFailClosed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		vars map[string]string
		who  string
		act  roles.Act
		why  string // empty: may
	}{
		"no roles at all":                     {nil, "anybody", roles.Approve, ""},
		"nobody in particular, without roles": {nil, "", roles.Approve, ""},
		"listed":                              {map[string]string{"SEVER_ROLE_APPROVER": "bob, anna"}, "anna", roles.Approve, ""},
		"in another spelling":                 {map[string]string{"SEVER_ROLE_APPROVER": "Anna@Example.com"}, " anna@example.COM ", roles.Approve, ""},
		"everybody":                           {map[string]string{"SEVER_ROLE_APPROVER": " * "}, "anna", roles.Approve, ""},
		"everybody is somebody":               {map[string]string{"SEVER_ROLE_APPROVER": "*"}, " ", roles.Approve, "  may not approve a plan: that takes the role approver, and SEVER_ROLE_APPROVER does not list them"},
		"not listed":                          {map[string]string{"SEVER_ROLE_APPROVER": "anna"}, "ann", roles.Approve, "ann may not approve a plan: that takes the role approver, and SEVER_ROLE_APPROVER does not list them"},
		"an empty role has nobody":            {map[string]string{"SEVER_ROLE_APPROVER": " "}, "anna", roles.Approve, "anna may not approve a plan: that takes the role approver, and SEVER_ROLE_APPROVER does not list them"},
		"nor has one that is not set":         {map[string]string{"SEVER_ROLE_AUDITOR": "*"}, "anna", roles.Deny, "anna may not deny a plan: that takes the role approver, and SEVER_ROLE_APPROVER is not set, while another role is"},
		"who has no role may not even read": {map[string]string{"SEVER_ROLE_APPROVER": ""}, "anna", roles.Read,
			"anna may not read cases and the audit trail: that takes the role requester or approver or operator or auditor, and SEVER_ROLE_REQUESTER, SEVER_ROLE_APPROVER, SEVER_ROLE_OPERATOR, SEVER_ROLE_AUDITOR do not list them"},
		"an act that nobody knows": {map[string]string{"SEVER_ROLE_APPROVER": "*"}, "anna", "dance", "anna may not dance: no role is known that could"},
	} {
		err := parse(t, c.vars).May(c.who, c.act)
		if c.why == "" {
			require.NoError(t, err, name)
			continue
		}
		require.EqualError(t, err, c.why, name)
	}
}

func TestMalformedRolesAreErrors(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"anna,,bob": "SEVER_ROLE_OPERATOR: there is a comma without a name beside it",
		",":         "SEVER_ROLE_OPERATOR: there is a comma without a name beside it",
		"*,anna":    "SEVER_ROLE_OPERATOR: * is everybody, and needs no other names beside it",
		"a*":        `SEVER_ROLE_OPERATOR: "a*" is no name: * stands alone, for everybody`,
		"anna\nbob": `SEVER_ROLE_OPERATOR: the name "anna\nbob" has a character that cannot be seen: separate names by commas`,
	} {
		_, err := roles.Parse(map[string]string{"SEVER_ROLE_OPERATOR": value})
		require.EqualError(t, err, want)
	}
	_, err := roles.Parse(map[string]string{"SEVER_ROLE_OPERATOR": ",", "SEVER_ROLE_APPROVER": ","})
	require.ErrorContains(t, err, "SEVER_ROLE_OPERATOR")
	require.ErrorContains(t, err, "SEVER_ROLE_APPROVER", "all of them are named")
}

func TestRolesInWords(t *testing.T) {
	t.Parallel()
	require.Contains(t, roles.Roles{}.String(), "everybody may do everything")
	require.False(t, roles.Roles{}.Any())
	r := parse(t, map[string]string{"SEVER_ROLE_REQUESTER": "*", "SEVER_ROLE_APPROVER": "anna,bob", "SEVER_ROLE_OPERATOR": ""})
	require.Equal(t, "requester: everybody; approver: anna, bob; operator: nobody; auditor: nobody", r.String())
	require.True(t, r.Any())
}

func TestWithinTheRolesOfAToken(t *testing.T) {
	t.Parallel()
	for act, takes := range acts {
		for _, role := range roles.All {
			require.Equal(t, role == takes, roles.Within([]roles.Role{role}, "ci", act) == nil, "%s: %s", role, act)
		}
		require.Error(t, roles.Within(nil, "ci", act))
	}
	require.NoError(t, roles.Within([]roles.Role{roles.Auditor}, "ci", roles.Read))
	require.NoError(t, roles.Within([]roles.Role{roles.Auditor, roles.Approver}, "ci", roles.Deny))
	require.Error(t, roles.Within(roles.All, "ci", "fly")) // fail closed
	require.EqualError(t, roles.Within([]roles.Role{roles.Requester, roles.Auditor}, "ci", roles.Approve),
		"ci may not approve a plan: that takes the role approver, and this token has requester, auditor")
	require.ErrorContains(t, roles.Within(nil, "ci", roles.Read), "requester or approver or operator or auditor, and this token has none")
}
