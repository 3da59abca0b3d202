package main

import (
	"bufio"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/plan"
)

// strike is what incident was asked for.
type strike struct {
	people   []string
	file     string
	accounts []string
	alarm    desk.Alarm
	shared   string
	as       string
	partial  bool
	dryRun   bool
	yes      int
	wait     *bool // nil: follow when somebody looks at a terminal
}

func (a *app) incidentCommand() *cobra.Command {
	var s strike
	var wait bool
	c := &cobra.Command{
		Use:   "incident [<principal>...] [--file people.csv] [--account connection/account]",
		Short: "End the access of many people at once, now",
		Long: `Opens a case with the reason incident for everybody who is named: each connection's
accounts are locked as soon as it has answered, their credentials die, and removing
follows as the policy of incidents says. It is ahead of everything else in every queue.
An open case of somebody named is escalated.

A file is CSV with a header line that has the column principal (login, name and email may
be there, too), or JSON: a list of objects, or an object with the list "principals".
--account names an account instead of its principal: all of that principal's access ends.

Everything is checked before anything starts: nobody is locked when one of them is not
known, unless --partial says to go on without those. From then on nobody has to wait for
it: who was named is on record, and the worker opens every case, also when this program
is gone. Who cannot be served yet, since their case is just being cancelled, is tried
again for hours. The same command with its --key is the same incident.

More than SEVER_INCIDENT_LIMIT people (50) ask for their number, typed or by --yes: a
wrong incident stops what people work on.`,
		Example: `  sever incident E1042 E1077 --why "leaked laptop" --ticket SEC-20
  sever incident --file affected.csv --hold "forensics first" --yes 512 --key siem-20817
  sever incident --account pg-main/svc_billing`,
		Args: cobra.ArbitraryArgs,
	}
	f := c.Flags()
	f.StringVar(&s.file, "file", "", "who is meant, one a line: a CSV or JSON file, or - for standard input")
	f.StringArrayVar(&s.accounts, "account", nil, "whoever has this account: connection/account[@host]; may be repeated")
	f.StringVar(&s.alarm.Words, "why", "", "what happened; kept in the trail of every case")
	f.StringVar(&s.alarm.Ticket, "ticket", "", "the ticket that this is about; kept in the trail")
	f.StringVar(&s.alarm.Hold, "hold", "", "why nothing may be removed until somebody says resume; accounts are locked all the same")
	f.StringVar(&s.shared, "shared", "", "what becomes of accounts that others use too: task (a person's) or rotate (a new password, once, to the worker's secret sink)")
	f.BoolVar(&s.partial, "partial", false, "go on without those whose access cannot be ended, and exit with 3")
	f.BoolVar(&s.dryRun, "dry-run", false, "check everybody, say who is meant, and start nothing")
	f.IntVar(&s.yes, "yes", 0, "how many people are meant; needed for more than SEVER_INCIDENT_LIMIT where nobody can be asked")
	f.BoolVar(&wait, "wait", false, "follow until everybody is contained or needs a person (default in a terminal)")
	f.StringVar(&s.alarm.Key, "key", "", "idempotency key: the same key is the same incident")
	f.StringVar(&s.as, "as", "", "who asks (default $SEVER_ACTOR, or who is logged in)")
	c.RunE = func(c *cobra.Command, args []string) error {
		s.people = args
		if c.Flags().Changed("wait") {
			s.wait = &wait
		}
		return a.incident(c.Context(), s)
	}
	c.AddCommand(a.incidentStatusCommand())
	return c
}

// incidentSettings are those of incidents alone.
type incidentSettings struct {
	Limit int `env:"SEVER_INCIDENT_LIMIT" envDefault:"50"`
}

// incident checks everything that can be checked before anything happens.
func (a *app) incident(ctx context.Context, s strike) error {
	settings, err := config.Parse[incidentSettings](a.vars, "")
	if err != nil || settings.Limit < 1 {
		return desk.Invalidf("SEVER_INCIDENT_LIMIT is %q: it has to be a number, more than zero", a.vars["SEVER_INCIDENT_LIMIT"])
	}
	if s.alarm.By, err = a.actor(s.as); err != nil {
		return err
	}
	s.alarm.Shared = plan.SharedRule(s.shared)
	meant, err := a.named(s)
	if err != nil {
		return err
	}
	conns, err := a.connections()
	if err != nil {
		return err
	}
	if conns != nil {
		defer conns.Close()
	}
	d, err := a.desk(&clients{}, conns) // what makes no sense is refused before anything is opened
	if err != nil {
		return err
	}
	s.alarm.Principals = meant.ids
	if len(s.accounts) == 0 || len(meant.ids) > 0 {
		if _, err := d.UnderstandAlarm(s.alarm, time.Now()); err != nil {
			return err
		}
	}
	clients, err := a.everything(ctx)
	if err != nil {
		return err
	}
	defer clients.Close()
	if d, err = a.desk(clients, conns); err != nil {
		return err
	}
	for _, account := range s.accounts {
		who, err := d.Holder(ctx, account)
		if err != nil {
			return err
		}
		meant.add(who, "--account "+account)
	}
	s.alarm.Principals = meant.ids
	roll, err := d.UnderstandAlarm(s.alarm, time.Now())
	if err != nil {
		return err
	}
	if roll, err = d.Call(ctx, roll); err != nil {
		return err
	}
	if len(roll.Absent) > 0 && !s.partial {
		return meant.absent(roll.Absent)
	}
	a.announceIncident(roll, meant, s)
	if s.dryRun {
		return a.rehearsed(roll, meant)
	}
	if err := a.confirmIncident(len(roll.People), settings.Limit, s); err != nil {
		return err
	}
	if err := d.Awake(ctx); err != nil {
		return err
	}
	in, err := d.Incident(ctx, roll, time.Now())
	if err != nil {
		return err
	}
	return a.begun(ctx, clients.store, in, roll, meant, s)
}

// announceIncident says what is about to happen, and to how many.
func (a *app) announceIncident(roll desk.RollCall, meant meant, s strike) {
	a.sayf("Incident of %s: accounts are locked on every connection at once, and their credentials die.", a.out.bold(plural(len(roll.People), "person", "people")))
	const most = 20
	for i, p := range roll.People {
		if i == most {
			a.sayf("… and %d more", len(roll.People)-most)
			break
		}
		if !a.json {
			a.out.line("  " + printable(person(p.Name, p.ID)) + a.out.faint(meant.origin(p.ID)))
		}
	}
	for _, x := range roll.Absent {
		a.sayf("%s %s%s: %s", a.out.yellow("without"), printable(string(x.Principal)), meant.origin(x.Principal), printable(x.Why.Error()))
	}
	if s.alarm.Hold != "" {
		a.sayf("Nothing is removed until somebody says resume: %s", printable(s.alarm.Hold))
	}
}

// confirmIncident asks for the number of people when it is large: whoever types it has
// read it.
func (a *app) confirmIncident(people, limit int, s strike) error {
	if s.yes != 0 && s.yes != people {
		return desk.Invalidf("--yes says %d, and this incident is about %d people", s.yes, people).Then("look who is meant: --dry-run")
	}
	if people <= limit || s.yes == people {
		return nil
	}
	if !a.out.terminal || a.json || s.file == "-" {
		return desk.Invalidf("this incident is about %d people, more than %d", people, limit).
			Then("look who is meant (--dry-run), then say so: --yes %d", people).
			Then("or raise SEVER_INCIDENT_LIMIT")
	}
	fmt.Fprintf(a.out.w, "\nAs %s: type the number of people to go on: ", printable(s.alarm.By))
	line, _ := bufio.NewReader(a.stdin).ReadString('\n')
	if n, err := strconv.Atoi(strings.TrimSpace(line)); err != nil || n != people {
		return desk.Refusedf("nothing was started")
	}
	return nil
}

// rehearsal is the JSON of a dry run.
type rehearsal struct {
	People []rehearsedPerson `json:"people"`
	Absent []absentLine      `json:"absent"`
}

type rehearsedPerson struct {
	Principal access.PrincipalID `json:"principal"`
	Name      string             `json:"name,omitempty"`
}

type absentLine struct {
	Principal access.PrincipalID `json:"principal"`
	Where     string             `json:"where,omitempty"`
	Why       string             `json:"why"`
}

func (a *app) rehearsed(roll desk.RollCall, m meant) error {
	if a.json {
		doc := rehearsal{People: []rehearsedPerson{}, Absent: m.absentLines(roll.Absent)}
		for _, p := range roll.People {
			doc.People = append(doc.People, rehearsedPerson{p.ID, p.Name})
		}
		a.out.document(doc)
	}
	a.sayf("Dry run: nothing was started.")
	if len(roll.Absent) > 0 {
		return exit(exitOpen)
	}
	return nil
}
