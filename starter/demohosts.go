package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/dev/leaver"
	"github.com/severhq/sever/internal/dev/simulators"
)

// on are the accounts of a person at the providers, by provider.
func (d *demonstration) on(accounts []simulators.Account) map[string][]simulators.Account {
	out := map[string][]simulators.Account{}
	for _, a := range accounts {
		out[a.On] = append(out[a.On], a)
	}
	return out
}

// showHeld prints what somebody has at each provider.
func (d *demonstration) showHeld(id string) {
	held := d.on(d.hosts.Accounts(id))
	for _, name := range simulators.Names {
		var words []string
		for _, a := range held[name] {
			what := a.Place
			if len(a.Holds) > 0 && a.Holds[0] != a.Place {
				what += " (" + strings.Join(a.Holds, ", ") + ")"
			}
			words = append(words, what)
		}
		d.out.wrapped(fmt.Sprintf("    %-13s", name), d.out.faint(strings.Join(words, "; ")))
	}
}

// lettingIn tries the passwords that somebody had, at the providers.
func (d *demonstration) lettingIn(id, name string, want bool) {
	var in []string
	accounts := d.hosts.Accounts(id)
	for on, held := range d.on(accounts) {
		n := 0
		for _, a := range held {
			if d.hosts.LetsIn(a) {
				n++
			}
		}
		if n > 0 {
			in = append(in, fmt.Sprintf("%s %d of %d", on, n, len(held)))
		}
	}
	slices.Sort(in)
	if want {
		d.check(len(in) == len(simulators.Names), name+"'s passwords open "+plural(len(accounts), "account", "accounts")+" at the four providers", strings.Join(in, ", "))
		return
	}
	d.check(len(in) == 0, name+" passwords open nothing at the four providers", strings.Join(in, ", "))
}

// goneAt looks into the providers' own worlds.
func (d *demonstration) goneAt(id, whose string) {
	d.lettingIn(id, whose, false)
	counts := map[string]int{}
	for _, a := range d.hosts.Accounts(id) {
		counts[a.On]++
	}
	var seen []string
	for _, on := range slices.Sorted(maps.Keys(counts)) {
		seen = append(seen, fmt.Sprintf("%s %d", on, counts[on]))
	}
	left := d.hosts.Left(id)
	for _, a := range left {
		seen = append(seen, a.On+" still has "+a.Name+" on "+a.Place)
	}
	d.check(len(left) == 0, "none of "+whose+" accounts is left there", "removed: "+strings.Join(seen, ", "))
	d.check(d.hosts.Others() == d.others && len(d.hosts.Alarms()) == 0, "nobody else's account was touched",
		fmt.Sprintf("%d accounts of others are there, as before", d.hosts.Others()))
}

// outage is how long one of the providers answers nobody.
const outage = 2 * time.Second

// troubledCase offboards Carol while the providers have trouble.
func (d *demonstration) troubledCase(ctx context.Context) error {
	d.heading("Carol leaves, and the providers have trouble")
	d.out.line("  digitalocean and trove answer changes with: too many requests. plesk and netim make changes, and")
	d.out.line("  the connection breaks before they say so. And netim cannot be reached for the first " + span(outage) + ".")
	d.out.line("")
	for name, trouble := range map[string]simulators.Trouble{
		simulators.DigitalOcean: simulators.Throttled, simulators.Trove: simulators.Throttled,
		simulators.Plesk: simulators.CutAfter, simulators.Netim: simulators.CutAfter,
	} {
		d.hosts.Switch(simulators.Fault{On: name, Trouble: trouble})
	}
	d.hosts.Switch(simulators.Fault{On: simulators.Netim, Trouble: simulators.Down})
	back := time.AfterFunc(outage, func() { d.hosts.Switch(simulators.Fault{On: simulators.Netim, Trouble: simulators.Up}) })
	defer back.Stop()
	usual := d.vars
	d.vars = d.vars.With(config.Vars{"SEVER_PATIENCE": "8s", "SEVER_RETRY_EVERY": "1s", "SEVER_SECOND_LOOK": "1s"})
	code := d.command(ctx, "offboard", carolID, "--reason", "hr", "--steps", target, "--wait")
	d.vars = usual
	p, err := d.last(ctx, carolID)
	if err != nil {
		return err
	}
	d.out.line("")
	d.check(code == exitOK && p.Status == access.CaseClean, "the case closed clean all the same", fmt.Sprintf("exit code %d, status %s", code, p.Status))
	err = d.site.Login(ctx, leaver.Carol, "warehouse")
	d.check(err != nil, "her login to warehouse is refused", wordsOf(err))
	d.goneAt(carolID, "her")
	return d.mariaGone(ctx, leaver.Carol, "carol's account")
}
