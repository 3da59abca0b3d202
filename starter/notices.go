package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/courier"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/notice"
	"github.com/severhq/sever/internal/store"
)

func (a *app) noticesCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "notices",
		Short: "Who is told outside: list, test, try again",
		Long: `Workers tell people outside of tasks, approvals, guards and ends, by signed webhooks and by
mail. "sever help what-is-told" says what is told to whom, and how a receiver checks it.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	secret := &cobra.Command{
		Use:   "secret",
		Short: "Print a fresh secret for a webhook",
		Long: `Prints a secret of Standard Webhooks on standard output and stores it nowhere. Set it as
SEVER_NOTICE_<NAME>_SECRET (or name a file in SEVER_NOTICE_<NAME>_SECRET_FILE), and give
the receiver the same. To replace one: move the present one to SEVER_NOTICE_<NAME>_OLD_SECRET,
set the new one, give it to the receiver, and drop the old one when the receiver has it.`,
		Args: cobra.NoArgs,
		RunE: does(func(context.Context, []string) error { return a.newWebhookSecret() }),
	}
	c.AddCommand(a.listNoticesCommand(), a.testNoticeCommand(), a.retryNoticesCommand(), secret)
	return c
}

// webhookSecret is the JSON of notices secret.
type webhookSecret struct {
	Secret string `json:"secret"`
}

func (a *app) newWebhookSecret() error {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	s := "whsec_" + base64.StdEncoding.EncodeToString(b)
	if a.json {
		a.out.document(webhookSecret{s})
		return nil
	}
	a.out.line(s)
	return nil
}

// noticeList is the JSON of notices list.
type noticeList struct {
	Destinations []destinationLine `json:"destinations"`
	Notices      []noticeLine      `json:"notices"`
}

// destinationLine is one destination: what the settings here say of it, and how its
// notices stand. One that only has notices is in the settings of others, or of nobody.
type destinationLine struct {
	Name       string        `json:"name"`
	Configured bool          `json:"configured"` // here
	Means      string        `json:"means,omitempty"`
	Where      string        `json:"where,omitempty"`
	Events     []notice.Kind `json:"events,omitempty"` // empty: all
	Waiting    int64         `json:"waiting"`
	Delivered  int64         `json:"delivered"`
	Failed     int64         `json:"failed"`
	Oldest     time.Time     `json:"oldest,omitzero"` // of those that wait
}

type noticeLine struct {
	Message     string            `json:"message"`
	Destination string            `json:"destination"`
	Event       notice.Kind       `json:"event"`
	Case        string            `json:"case"` // empty: about no case
	State       store.NoticeState `json:"state"`
	Attempts    int               `json:"attempts"`
	Answer      string            `json:"answer,omitempty"`
	CreatedAt   time.Time         `json:"created_at"`
	NextAt      time.Time         `json:"next_at,omitzero"`
	DeliveredAt time.Time         `json:"delivered_at,omitzero"`
	FailedAt    time.Time         `json:"failed_at,omitzero"`
}

// mostNotices is how many are listed: who has more has one reason for all of them.
const mostNotices = 200

func (a *app) listNoticesCommand() *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use:   "list",
		Short: "List what is on its way to people outside, and what was given up",
		Long:  "Lists the destinations and how their notices stand, then the newest 200 that wait or were given up.",
		Args:  cobra.NoArgs,
		RunE:  does(a.reading(func(ctx context.Context, _ []string) error { return a.listNotices(ctx, all, time.Now()) })),
	}
	c.Flags().BoolVar(&all, "all", false, "delivered ones too")
	return c
}

func (a *app) listNotices(ctx context.Context, all bool, now time.Time) error {
	settings, err := a.noticeSettings()
	if err != nil {
		return err
	}
	clients, err := a.records(ctx)
	if err != nil {
		return err
	}
	defer clients.Close()
	out, err := noticesOf(ctx, clients.store, settings, all)
	if err != nil {
		return err
	}
	if a.json {
		a.out.document(out)
		return nil
	}
	a.showNotices(out, now)
	return nil
}

// noticesOf are the destinations, and what is on its way to them.
func noticesOf(ctx context.Context, s *store.Store, settings courier.Settings, all bool) (noticeList, error) {
	numbers, err := s.CountNotices(ctx)
	if err != nil {
		return noticeList{}, err
	}
	found, err := s.ListNotices(ctx, all, mostNotices)
	if err != nil {
		return noticeList{}, err
	}
	out := noticeList{destinations(settings, numbers), []noticeLine{}}
	for _, n := range found {
		l := noticeLine{n.Message, n.Destination, n.Kind, n.CaseID, n.State, n.Attempts, n.Answer, n.CreatedAt, n.NextAt, n.DeliveredAt, n.FailedAt}
		if n.State != store.NoticeWaiting {
			l.NextAt = time.Time{}
		}
		out.Notices = append(out.Notices, l)
	}
	return out, nil
}

// noticeSettings are those of this machine. The worker's are what counts.
func (a *app) noticeSettings() (courier.Settings, error) { return noticeSettings(a.vars) }

func noticeSettings(vars config.Vars) (courier.Settings, error) {
	s, err := courier.FromVars(vars)
	if err != nil {
		return s, desk.Invalidf("%w", err).Then("correct it: sever help what-is-told")
	}
	return s, nil
}

func destinations(s courier.Settings, numbers []store.NoticeNumbers) []destinationLine {
	out := []destinationLine{}
	for _, r := range s.Routes {
		out = append(out, destinationLine{Name: r.Name, Configured: true, Means: r.Means, Where: r.Where, Events: r.Kinds})
	}
	for _, n := range numbers {
		i := slices.IndexFunc(out, func(d destinationLine) bool { return d.Name == n.Destination })
		if i < 0 {
			i, out = len(out), append(out, destinationLine{Name: n.Destination})
		}
		out[i].Waiting, out[i].Delivered, out[i].Failed, out[i].Oldest = n.Waiting, n.Delivered, n.Failed, n.Oldest
	}
	return out
}
