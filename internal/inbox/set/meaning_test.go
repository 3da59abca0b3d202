package set

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/inbox"
)

func TestWhatEventsAskFor(t *testing.T) {
	t.Parallel()
	incident := func(why string) inbox.Order {
		return inbox.Order{Act: inbox.Offboard, Reason: access.Incident, Why: why}
	}
	nothing := func(why string) inbox.Order { return inbox.Order{Act: inbox.None, Why: why} }
	for _, c := range []struct {
		kind    string
		says    map[string]any
		want    inbox.Order
		problem string
	}{
		{caep + "session-revoked", nil, incident("session-revoked"), ""},
		{caep + "session-revoked", map[string]any{"initiating_entity": "policy"}, incident("session-revoked by policy"), ""},
		{caep + "session-revoked", map[string]any{"initiating_entity": "user"}, nothing("session-revoked: the user logged out"), ""},
		{caep + "session-revoked", map[string]any{"initiating_entity": "fate"}, inbox.Order{}, `initiating_entity is "fate"`},
		{caep + "credential-change", map[string]any{"change_type": "revoke", "initiating_entity": "admin"}, incident("credential-change by admin, revoke"), ""},
		{caep + "credential-change", map[string]any{"change_type": "delete"}, incident("credential-change, delete"), ""},
		{caep + "credential-change", map[string]any{"change_type": "delete", "initiating_entity": "user"}, nothing("credential-change: the user did it, delete"), ""},
		{caep + "credential-change", map[string]any{"change_type": "create", "initiating_entity": "admin"}, nothing("credential-change: a credential is new, create"), ""},
		{caep + "credential-change", map[string]any{"change_type": "update"}, nothing("credential-change: a credential is new, update"), ""},
		{caep + "credential-change", nil, inbox.Order{}, `change_type is ""`},
		{risc + "credential-compromise", map[string]any{"credential_type": "password"}, incident("credential-compromise"), ""},
		{risc + "account-disabled", map[string]any{"reason": "hijacking"}, incident("account-disabled, hijacking"), ""},
		{risc + "account-disabled", nil, incident("account-disabled"), ""},
		{risc + "sessions-revoked", nil, incident("sessions-revoked"), ""},
		{risc + "account-purged", nil, inbox.Order{Act: inbox.Offboard, Reason: access.HR, Why: "account-purged"}, ""},
		{risc + "identifier-recycled", nil, inbox.Order{Act: inbox.Hold, Recycled: true, Why: "the identifier belongs to somebody else now"}, ""},
		{risc + "account-enabled", nil, nothing("account-enabled"), ""},
		{ssf + "verification", map[string]any{"state": "x"}, nothing("verification"), ""},
		{caep + "account-disabled", nil, inbox.Order{}, "none that Sever knows"}, // it is one of risc
		{"https://evil.example/session-revoked", nil, inbox.Order{}, "none that Sever knows"},
		{"session-revoked", nil, inbox.Order{}, "none that Sever knows"},
		{"", nil, inbox.Order{}, "none that Sever knows"},
	} {
		got, err := meaning(event{c.kind, c.says})
		if c.problem != "" {
			require.ErrorContains(t, err, c.problem, "%s %v", c.kind, c.says)
			continue
		}
		require.NoError(t, err, "%s %v", c.kind, c.says)
		require.Equal(t, c.want, got, "%s %v", c.kind, c.says)
	}
}

func TestWhoATokenIsAbout(t *testing.T) {
	t.Parallel()
	fields, err := parseSubjects("email=email, iss_sub=attr.okta_id,account=login")
	require.NoError(t, err)
	const idp = "https://idp.example.com"
	mail := map[string]any{"format": "email", "email": "ada@example.com"}
	ada := &inbox.Subject{Format: "email", Value: "ada@example.com", Field: "email"}
	for name, c := range map[string]struct {
		claims  claims
		inside  any // the subject in the event
		want    *inbox.Subject
		problem string
	}{
		"as it is now":         {claims{SubID: mail}, nil, ada, ""},
		"as it was":            {claims{}, mail, ada, ""},
		"both, the same":       {claims{SubID: mail}, map[string]any{"format": "email", "email": "ada@example.com"}, ada, ""},
		"two that differ":      {claims{SubID: mail}, map[string]any{"format": "email", "email": "eve@example.com"}, nil, "two subjects that differ"},
		"as it was called":     {claims{}, map[string]any{"subject_type": "iss-sub", "iss": idp, "sub": "00u1"}, &inbox.Subject{Format: "iss_sub", Value: "00u1", Field: "attr.okta_id"}, ""},
		"of another issuer":    {claims{SubID: map[string]any{"format": "iss_sub", "iss": "https://evil", "sub": "00u1"}}, nil, nil, `one of the issuer "https://evil"`},
		"sub alone":            {claims{Iss: idp, Sub: "00u1"}, nil, &inbox.Subject{Format: "iss_sub", Value: "00u1", Field: "attr.okta_id"}, ""},
		"an account":           {claims{SubID: map[string]any{"format": "account", "uri": "acct:ada@example.com"}}, nil, &inbox.Subject{Format: "account", Value: "ada@example.com", Field: "login"}, ""},
		"a user in a session":  {claims{SubID: map[string]any{"format": "complex", "user": mail, "session": map[string]any{"format": "opaque", "id": "s"}}}, nil, ada, ""},
		"a session alone":      {claims{SubID: map[string]any{"format": "complex", "session": mail}}, nil, nil, "the complex subject has no user"},
		"complex within":       {claims{SubID: map[string]any{"format": "complex", "user": map[string]any{"format": "complex", "user": mail}}}, nil, nil, "the complex subject has no user"},
		"nobody":               {claims{}, nil, nil, "sub_id is missing"},
		"no object":            {claims{SubID: "ada"}, nil, nil, "the subject is no object"},
		"a format without a f": {claims{SubID: map[string]any{"format": "opaque", "id": "7"}}, nil, nil, `do not say who a subject of the format "opaque" is`},
		"no format":            {claims{SubID: map[string]any{"email": "ada@example.com"}}, nil, nil, `a subject of the format "" is`},
		"an empty one":         {claims{SubID: map[string]any{"format": "email", "email": ""}}, nil, nil, "the subject has no email"},
		"of another type":      {claims{SubID: map[string]any{"format": "email", "email": []any{"ada@example.com"}}}, nil, nil, "the subject has no email"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := event{kind: caep + "session-revoked", says: map[string]any{}}
			if c.inside != nil {
				e.says["subject"] = c.inside
			}
			got, err := c.claims.subject(e, idp, fields)
			if c.problem != "" {
				require.ErrorContains(t, err, c.problem)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
	for text, problem := range map[string]string{"email": "is not format=field", "mail=email": `"mail" is no format`, "email=name": "not found by",
		"email=email,email=login": "email is there twice", "": "is not format=field"} {
		_, err := parseSubjects(text)
		require.ErrorContains(t, err, problem)
	}
}
