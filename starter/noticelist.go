package main

import (
	"fmt"
	"time"

	"github.com/severhq/sever/internal/store"
)

func (a *app) showNotices(list noticeList, now time.Time) {
	if len(list.Destinations) == 0 {
		a.out.line("Nobody is told outside. See: sever help what-is-told")
		return
	}
	rows := [][]string{}
	for _, d := range list.Destinations {
		where, waiting, failed := d.Means+" "+d.Where, fmt.Sprint(d.Waiting), fmt.Sprint(d.Failed)
		if !d.Configured {
			where = a.out.faint("not in the settings here")
		}
		if d.Waiting > 0 {
			waiting += ", the oldest for " + span(now.Sub(d.Oldest))
		}
		if d.Failed > 0 {
			failed = a.out.red(failed)
		}
		rows = append(rows, []string{printable(d.Name), where, waiting, fmt.Sprint(d.Delivered), failed})
	}
	a.out.table([]string{"destination", "by", "waiting", "delivered", "given up"}, rows)
	if len(list.Notices) == 0 {
		return
	}
	a.out.line("")
	rows = [][]string{}
	for _, n := range list.Notices {
		rows = append(rows, []string{printable(n.Destination), string(n.Event), printable(n.Case), a.noticeState(n, now), clip(oneLine(n.Answer))})
	}
	a.out.table([]string{"destination", "event", "case", "state", "answer"}, rows)
	for _, n := range list.Notices {
		if n.State == store.NoticeFailed {
			a.out.line("")
			a.out.wrapped("What was given up: ", fmt.Sprintf("see why (sever notices test %s), then: sever notices retry %[1]s", n.Destination))
			return
		}
	}
}

// noticeState is how a notice stands, in a few words.
func (a *app) noticeState(n noticeLine, now time.Time) string {
	after := plural(n.Attempts, "attempt", "attempts")
	switch {
	case n.State == store.NoticeFailed:
		return a.out.red("given up") + " after " + after
	case n.State == store.NoticeDelivered:
		return a.out.green("delivered") + " " + clock(n.DeliveredAt, now)
	case n.Attempts == 0:
		return "waiting"
	}
	return a.out.yellow("again "+relative(n.NextAt, now)) + ", after " + after
}
