package main

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/dev/simulators"
	"github.com/severhq/sever/internal/provider/catalog"
)

// simulation is what simulate was asked for.
type simulation struct {
	addr    string
	latency time.Duration
	faults  []string
	fast    bool
	all     bool
}

func (a *app) simulateCommand() *cobra.Command {
	var s simulation
	c := &cobra.Command{
		Use:   "simulate",
		Short: "Rehearse: run DigitalOcean, Netim, Plesk and Trove on this machine, until Ctrl-C",
		Long: `Starts simulators of the four hosting providers on this machine, with two people who have
accounts in all of them, and writes into $SEVER_HOME/simulate

  simulate.env   the variables of four connections, and of an installation to rehearse with
  roster.csv     who has which account, for sever identities import

Nothing leaves this machine, and nothing is kept: each start plants everything anew. The
limits of the real providers apply unless you say --fast. Changes that arrive are printed.

Trouble is switched on by --fault, or while it runs by a line on standard input:
"plesk cut-after", "trove throttled:3", "netim down", "netim up".`,
		Example: `  sever simulate
  sever simulate --fault plesk=cut-after --fault trove=throttled:3 --latency 50ms
  sever simulate --addr 127.0.0.1:9400 --json`,
		Args: cobra.NoArgs,
		RunE: does(func(ctx context.Context, _ []string) error { return a.simulate(ctx, s) }),
	}
	f := c.Flags()
	f.StringVar(&s.addr, "addr", "127.0.0.1", "where to listen: a host for free ports, or host:port for the first of four")
	f.DurationVar(&s.latency, "latency", 0, "what every request takes at least")
	f.StringArrayVar(&s.faults, "fault", nil, "trouble from the start: SIMULATOR=FAULT[:TIMES]; may be repeated")
	f.BoolVar(&s.fast, "fast", false, "without the rate limits of the real ones, there and in the variables")
	f.BoolVar(&s.all, "requests", false, "print every request that arrives, not only changes")
	return c
}

// simulating is the JSON of simulate, printed once everything runs.
type simulating struct {
	Env        string            `json:"env"`
	Roster     string            `json:"roster"`
	Simulators []simulated       `json:"simulators"`
	Faults     map[string]string `json:"faults"`
	People     []rehearsed       `json:"people"`
}

type simulated struct {
	Name    string `json:"name"`
	Address string `json:"address"`
	// Variables are their names: the values are in the file.
	Variables []string `json:"variables"`
}

type rehearsed struct {
	Principal string `json:"principal"`
	Name      string `json:"name"`
	Accounts  int    `json:"accounts"`
}

func (a *app) simulate(ctx context.Context, s simulation) error {
	var faults []simulators.Fault
	for _, text := range s.faults {
		f, err := simulators.ParseFault(text)
		if err != nil {
			return desk.Invalidf("--fault: %w", err)
		}
		faults = append(faults, f)
	}
	o := simulators.Options{Addr: s.addr, Latency: s.latency, Unlimited: s.fast, Queue: 300 * time.Millisecond}
	if !a.json {
		o.Seen = a.requests(s.all)
	}
	site, err := simulators.Start(o)
	if err != nil {
		return desk.Failf(desk.Unreachable, "%w", err).Then("choose another place with --addr")
	}
	defer func() { _ = site.Close() }()
	for _, f := range faults {
		site.Switch(f)
	}
	r, err := a.writeRehearsal(site, s.fast)
	if err != nil {
		return err
	}
	if a.json {
		a.out.document(r)
	} else {
		a.showRehearsal(site, r, faults)
	}
	go a.takeFaults(site)
	<-ctx.Done()
	a.sayf("Stopped. Nothing was kept but %s.", filepath.Dir(r.Env))
	return nil
}

// writeRehearsal writes the files that a rehearsal needs.
func (a *app) writeRehearsal(site *simulators.Site, fast bool) (simulating, error) {
	dir := filepath.Join(home(a.environ), "simulate")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return simulating{}, err
	}
	r := simulating{Env: filepath.Join(dir, "simulate.env"), Roster: filepath.Join(dir, "roster.csv"), Faults: map[string]string{}}
	lines := site.Lines()
	for _, name := range simulators.Names {
		one := simulated{Name: name, Address: site.URL(name)}
		prefix := catalog.Prefix(site.Connection(name))
		for _, variable := range slices.Sorted(maps.Keys(site.Credentials(name))) {
			one.Variables = append(one.Variables, prefix+variable)
		}
		r.Simulators = append(r.Simulators, one)
		if fast {
			lines = append(lines, prefix+"SIMULATED=true")
		}
	}
	for _, t := range simulators.Troubles {
		r.Faults[string(t.Trouble)] = t.Means
	}
	for _, p := range site.People() {
		r.People = append(r.People, rehearsed{p.ID, p.Name, len(p.Accounts)})
	}
	lines = append(lines,
		"# An installation of its own, so that none of this reaches yours.",
		"SEVER_HOME="+filepath.Join(dir, "home"),
		"# A rehearsal waits for no day, and its systems are so small that one person is a fifth of them.",
		"SEVER_SECOND_LOOK=10s", "SEVER_MAX_PERCENT=50")
	if err := replaceFile(r.Env, "# Written by sever simulate. In a shell: "+source(r.Env)+"\n"+strings.Join(lines, "\n")+"\n"); err != nil {
		return r, err
	}
	return r, replaceFile(r.Roster, site.Roster())
}

// source is how a shell reads the variables.
func source(env string) string { return "set -a; . " + env + "; set +a" }

// showRehearsal says what runs, and what to do with it.
func (a *app) showRehearsal(site *simulators.Site, r simulating, on []simulators.Fault) {
	o := a.out
	o.line(o.green("Four providers run on this machine.") + " Ctrl-C stops them; nothing of theirs is kept.")
	o.line("")
	for _, s := range r.Simulators {
		vars := site.Credentials(s.Name)
		o.linef("  %-13s %s", s.Name, o.bold(s.Address))
		for _, variable := range s.Variables {
			short := strings.TrimPrefix(variable, catalog.Prefix(s.Name))
			if !strings.HasSuffix(short, "URL") {
				o.line(o.faint("                " + variable + "=" + vars[short]))
			}
		}
	}
	o.line("")
	for _, p := range site.People() {
		count := map[string]int{}
		for _, acct := range p.Accounts {
			count[acct.On]++
		}
		var words []string
		for _, name := range simulators.Names {
			words = append(words, fmt.Sprintf("%s %d", name, count[name]))
		}
		o.linef("  %s, %s, has %d accounts: %s", p.Name, p.ID, len(p.Accounts), strings.Join(words, ", "))
	}
	o.line("")
	o.line("  Trouble, by a line here such as " + o.bold("plesk cut-after") + " or " + o.bold("trove throttled:3") + ", or by --fault:")
	for _, t := range simulators.Troubles {
		o.linef("    %-11s %s", t.Trouble, t.Means)
	}
	for _, f := range on {
		o.line("  " + o.yellow("switched on: "+words(f)))
	}
	o.line("")
	o.line("Rehearse in two other terminals, with an installation of its own; in both:")
	o.line("  " + o.bold(source(r.Env)))
	o.line("and then, in the first, sever up, and in the second:")
	o.line("  sever preflight")
	o.linef("  sever identities import %s", r.Roster)
	o.line("  sever offboard " + simulators.Ada + " --reason hr --dry-run")
	o.line("  sever offboard " + simulators.Ada + " --reason hr --wait")
	o.line("")
	o.line("What arrives:")
}

func words(f simulators.Fault) string {
	if f.Times > 1 {
		return fmt.Sprintf("%s %s, %d times", f.On, f.Trouble, f.Times)
	}
	return f.On + " " + string(f.Trouble)
}

// takeFaults switches on what is typed, until the input ends.
func (a *app) takeFaults(site *simulators.Site) {
	lines := bufio.NewScanner(a.stdin)
	for lines.Scan() {
		if strings.TrimSpace(lines.Text()) == "" {
			continue
		}
		f, err := simulators.ParseFault(lines.Text())
		if err != nil {
			a.sayf("%s", printable(err.Error()))
			continue
		}
		site.Switch(f)
		a.sayf("%s: %s", time.Now().Format(time.TimeOnly), words(f))
	}
}

// requests prints what arrives.
func (a *app) requests(all bool) func(simulators.Request) {
	var mu sync.Mutex
	return func(r simulators.Request) {
		if !all && !r.Changes() {
			return
		}
		answer := fmt.Sprintf("answered %d", r.Status)
		paint := func(s string) string { return s }
		switch {
		case r.Status == 0:
			answer, paint = "the connection was cut", a.out.yellow
		case r.Status >= 400:
			paint = a.out.yellow
		}
		does := ""
		if r.Does != "" {
			does = " " + r.Does
		}
		mu.Lock()
		defer mu.Unlock()
		a.out.line("  " + a.out.faint(time.Now().Format("15:04:05.0")) + paint(fmt.Sprintf("  %-13s %s %s%s: %s", r.On, r.Method, printable(r.Path), does, answer)))
	}
}
