package trove_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/trove/simulator"
)

// Every kind of answer, to a request that reads and to each that changes something.
func TestAnswers(t *testing.T) {
	t.Parallel()
	guest := "An error occurred communicating with the guest: (2003, \"Can't connect\")."
	for _, c := range []struct {
		name  string
		fault simulator.Fault
		kind  provider.Kind
		wait  time.Duration
		words string
		reads provider.Kind // when it is another one
	}{
		{name: "cut", fault: simulator.Fault{}, kind: provider.Transient},
		{name: "the guest is down", fault: simulator.Fault{Status: 400, Message: guest}, kind: provider.Transient, words: "Can't connect"},
		{name: "the guest agent is slow", fault: simulator.Fault{Status: 400, Message: "Timeout trying to connect to the Guest Agent."}, kind: provider.Transient},
		{name: "another 400", fault: simulator.Fault{Status: 400, Message: "Bad name."}, kind: provider.Rejected, words: "Bad name."},
		{
			name:  "a 400 with a text for a code",
			fault: simulator.Fault{Status: 400, Body: map[string]any{"message": "Malformed request body<br />", "code": "400 Bad Request", "title": "Bad Request"}},
			kind:  provider.Rejected, words: "Malformed request body",
		},
		{name: "a 400 of nobody", fault: simulator.Fault{Status: 400, HTML: true}, kind: provider.Transient},
		{name: "403", fault: simulator.Fault{Status: 403, Message: "Policy does not allow it."}, kind: provider.Denied, words: "Policy"},
		{name: "403 as a page", fault: simulator.Fault{Status: 403, HTML: true, Message: "Access was denied"}, kind: provider.Denied, words: "Access was denied"},
		{name: "405", fault: simulator.Fault{Status: 405}, kind: provider.Rejected},
		{name: "413", fault: simulator.Fault{Status: 413, Header: map[string]string{"Retry-After": "20"}}, kind: provider.Throttled, wait: 20 * time.Second},
		{name: "429", fault: simulator.Fault{Status: 429, Header: map[string]string{"Retry-After": "7"}}, kind: provider.Throttled, wait: 7 * time.Second},
		{name: "415", fault: simulator.Fault{Status: 415}, kind: provider.Rejected},
		{name: "not ready", fault: simulator.Fault{Status: 422, Message: "Instance ID is not ready, status: building."}, kind: provider.Transient, words: "building"},
		{name: "500", fault: simulator.Fault{Status: 500, Message: "Internal Server Error."}, kind: provider.Transient, words: "Internal Server Error"},
		{name: "501", fault: simulator.Fault{Status: 501}, kind: provider.Rejected},
		{name: "502 as a page", fault: simulator.Fault{Status: 502, HTML: true, Message: "Bad Gateway"}, kind: provider.Transient, words: "Bad Gateway"},
		{name: "503 that says when", fault: simulator.Fault{Status: 503, Header: map[string]string{"Retry-After": "9"}}, kind: provider.Throttled, wait: 9 * time.Second},
		{name: "503", fault: simulator.Fault{Status: 503}, kind: provider.Transient},
		{name: "a redirect", fault: simulator.Fault{Status: 302, Header: map[string]string{"Location": "http://example.com/"}}, kind: provider.Transient},
		{name: "418", fault: simulator.Fault{Status: 418}, kind: provider.Transient},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, simulator.Options{}, nil)
			id := simulator.ID(1)
			s.Plant(simulator.Instance{ID: id}, simulator.Account{Name: "ada", Password: "x", Databases: []string{"shop"}})
			ref := s.ref(id, "ada", "%")
			_, err := s.Look(t.Context(), ref) // to have logged in
			require.NoError(t, err)
			for op, call := range changes(s, ref) {
				f := c.fault
				f.Op = op
				s.Fail(f)
				err := call()
				require.Error(t, err, op)
				require.Equal(t, c.kind, provider.KindOf(err), "%s: %v", op, err)
				require.ErrorContains(t, err, c.words)
				var e *provider.Error
				require.ErrorAs(t, err, &e)
				require.Equal(t, c.wait, e.RetryAfter, op)
				require.Equal(t, c.kind == provider.Rejected, len(e.Blockers) > 0, op)
			}
		})
	}
}

// changes are the requests that change something, each from its method.
func changes(s *cloud, ref access.Ref) map[string]func() error {
	ctx, step := nowhere(), access.Step{Account: ref, Database: "shop"}
	return map[string]func() error{
		simulator.OpPassword: func() error {
			_, err := s.Provider.(provider.Container).Contain(ctx, ref, access.Lock)
			return err
		},
		simulator.OpRevoke: func() error {
			_, err := s.Provider.(provider.Revoker).Revoke(ctx, step)
			return err
		},
		simulator.OpDelete: func() error {
			_, err := s.Provider.(provider.Deleter).Delete(ctx, step)
			return err
		},
		simulator.OpGrant: func() error {
			undo := access.Step{Account: ref, Database: "crm", Action: access.Revoke}
			_, err := s.Provider.(provider.Restorer).Restore(ctx, access.Account{Ref: ref, Grants: []access.Grant{{Database: "crm"}}}, undo)
			return err
		},
		simulator.OpCreate: func() error {
			other := ref
			other.Name = "eve"
			_, err := s.Provider.(provider.Restorer).Restore(ctx, access.Account{Ref: other}, access.Step{Account: other, Action: access.Delete})
			return err
		},
	}
}

// A read that gets no answer, or one that cannot be understood, is an error and never
// "nothing there".
func TestReadsThatFail(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]simulator.Fault{
		"cut":              {Times: 2}, // a read on a connection that was idle is sent twice
		"500":              {Status: 500, Message: "x"},
		"a page":           {Status: 200, HTML: true},
		"an empty object":  {Status: 200, Body: map[string]any{}},
		"null":             {Status: 200, Body: map[string]any{"users": nil, "user": nil, "instances": nil, "instance": nil, "databases": nil}},
		"another form":     {Status: 200, Body: map[string]any{"users": "none", "user": 1, "instances": "none", "instance": []int{}, "databases": true}},
		"the guest":        {Status: 400, Message: "An error occurred communicating with the guest: x"},
		"not ready":        {Status: 422, Message: "Instance ID is not ready, status: shutdown."},
		"an unknown state": {Status: 418},
		"no content":       {Status: 204},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, op := range []string{simulator.OpListInstances, simulator.OpListUsers, simulator.OpGetUser, simulator.OpGetInstance, simulator.OpListDatabases} {
				s := start(t, simulator.Options{}, nil)
				id := simulator.ID(1)
				s.Plant(simulator.Instance{ID: id}, simulator.Account{Name: "ada", Password: "x", Databases: []string{"shop"}})
				ref := s.ref(id, "ada", "%")
				f := fault
				f.Op = op
				s.Fail(f)
				switch op {
				case simulator.OpListInstances, simulator.OpListUsers:
					got, err := try(t, s)
					require.Error(t, err, op)
					require.Empty(t, got)
					require.Equal(t, provider.Transient, provider.KindOf(err), "%s: %v", op, err)
				case simulator.OpListDatabases:
					receipt, err := s.Provider.(provider.Revoker).Revoke(t.Context(), access.Step{Account: ref, Database: "shop"})
					require.True(t, err != nil || receipt.Pending, "%s: %+v", op, receipt)
				default:
					_, err := s.Look(t.Context(), ref)
					require.Error(t, err, op)
					require.Equal(t, provider.Transient, provider.KindOf(err), "%s: %v", op, err)
				}
			}
		})
	}
}

// However a 413 says how long to wait, it is waited for.
func TestThrottled(t *testing.T) {
	t.Parallel()
	for _, shape := range []string{"seconds", "date", "retryAfter", "retryAt", "silent"} {
		for _, face := range []simulator.Face{simulator.Trove, simulator.Rackspace} {
			t.Run(shape+" "+string(face), func(t *testing.T) {
				t.Parallel()
				now := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
				s := start(t, simulator.Options{Face: face, PerMinute: 3, Now: func() time.Time { return now }, Switches: simulator.Switches{ThrottleShape: shape}}, nil)
				for i := range 5 {
					s.Plant(simulator.Instance{ID: simulator.ID(i)})
				}
				_, err := try(t, s)
				require.Equal(t, provider.Throttled, provider.KindOf(err), "%v", err)
				require.ErrorContains(t, err, "Only 3 GET request(s)")
				var e *provider.Error
				require.ErrorAs(t, err, &e)
				if shape == "silent" {
					require.Zero(t, e.RetryAfter)
				} else {
					require.Equal(t, 20*time.Second, e.RetryAfter)
				}
			})
		}
	}
}

// What comes back of a password that we sent stays here.
func TestSecretsThatComeBack(t *testing.T) {
	t.Parallel()
	s := start(t, simulator.Options{}, nil)
	id := simulator.ID(1)
	s.Plant(simulator.Instance{ID: id}, simulator.Account{Name: "ada", Password: "x", Databases: []string{"shop"}})
	o := s.Options()
	s.Fail(simulator.Fault{Op: simulator.OpPassword, Status: http.StatusBadRequest, Message: "no: " + o.Password})
	_, err := s.Provider.(provider.Container).Contain(t.Context(), s.ref(id, "ada", "%"), access.Kill)
	refusal(t, err, "no: [secret]")
	require.NotContains(t, err.Error(), o.Password)
}
