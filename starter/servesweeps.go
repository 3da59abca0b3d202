package main

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/severhq/sever/internal/api"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/internal/sweep"
)

// SweepSpec asks over HTTP for a sweep to be set up.
type SweepSpec struct {
	Name         string   `json:"name" maxLength:"256"`
	Rule         string   `json:"rule" maxLength:"256" doc:"left, unissued, orphans, unused:35, unused:45, unused:90, entitlements, acl or acl:200."`
	Entitlements string   `json:"entitlements,omitempty" maxLength:"900000" doc:"Of the rule entitlements: what is allowed, as CSV."`
	Connections  []string `json:"connections,omitempty" nullable:"false" doc:"None: all that the worker has."`
	Every        string   `json:"every,omitempty" maxLength:"64" doc:"Such as 24h."`
	Cron         string   `json:"cron,omitempty" maxLength:"256" doc:"A calendar in UTC."`
	Mode         string   `json:"mode,omitempty" enum:"report,enforce" default:"report"`
	Notice       string   `json:"notice,omitempty" maxLength:"64" default:"168h" doc:"Of enforce: how long accounts are locked before they are removed."`
	MaxPerRun    int      `json:"max_per_run,omitempty" default:"20"`
	MaxPerHour   int      `json:"max_per_hour,omitempty" default:"20"`
}

// SweepWord is why something is decided about a sweep.
type SweepWord struct {
	Reason string `json:"reason,omitempty" maxLength:"2000" doc:"Kept in the trail."`
}

// aboutSweep is a sweep by its name.
type aboutSweep struct {
	Sweep string `path:"sweep" maxLength:"256"`
}

// sweepCalls adds the calls about sweeps.
func sweepCalls(s *api.Server, d *desk.Desk) {
	api.Add(s, api.Call{ID: "createSweep", Method: http.MethodPost, Path: "/v1/sweeps", Tag: "sweeps", Act: roles.Sweep, Command: "sever sweeps create",
		Summary: "Set up a sweep: a rule, the connections, and when it runs", Text: "A report changes nothing. To enforce takes the role requester as well, and the first plan waits for an approval."},
		func(ctx context.Context, by api.Asker, in *struct{ Body SweepSpec }) (sweepLine, error) {
			spec, err := in.Body.spec(d)
			if err != nil {
				return sweepLine{}, err
			}
			if spec.Mode == sweep.Enforce { // its cases are opened in their name
				if err := by.May(roles.Request); err != nil {
					return sweepLine{}, err
				}
			}
			of, err := putSweep(ctx, d.Store, d.Temporal, spec, by.Name)
			l := lineOfSweep(of)
			l.Scheduled = true
			return l, err
		})
	api.Add(s, api.Call{ID: "listSweeps", Method: http.MethodGet, Path: "/v1/sweeps", Tag: "sweeps", Act: roles.Read, Command: "sever sweeps list",
		Summary: "List the sweeps, when they run, and how the last run ended"},
		func(ctx context.Context, _ api.Asker, _ *struct{}) (sweepList, error) {
			return sweepsOf(ctx, d.Store, d.Temporal)
		})
	api.Add(s, api.Call{ID: "runSweep", Method: http.MethodPost, Path: "/v1/sweeps/{sweep}/run", Tag: "sweeps", Act: roles.Sweep, Command: "sever sweeps run",
		Summary: "Run a sweep now", Text: "Answers when the run is asked for; the list says how it ends."},
		func(ctx context.Context, by api.Asker, in *aboutSweep) (sweepAsked, error) {
			of, last, err := askForSweep(ctx, d, in.Sweep, by.Name)
			return sweepAsked{of.Name, last.No}, err
		})
	api.Add(s, api.Call{ID: "listFindings", Method: http.MethodGet, Path: "/v1/sweeps/{sweep}/findings", Tag: "sweeps", Act: roles.Read, Command: "sever sweeps findings",
		Summary: "What a sweep found, compared with the run before"},
		func(ctx context.Context, _ api.Asker, in *findingQuery) (findingPage, error) {
			return in.page(ctx, d.Store)
		})
	for _, r := range []sweepRuling{pauseSweep, resumeSweep, deleteSweep} {
		api.Add(s, api.Call{ID: r.use + "Sweep", Method: http.MethodPost, Path: "/v1/sweeps/{sweep}/" + r.use, Tag: "sweeps", Act: roles.Sweep, Command: "sever sweeps " + r.use,
			Summary: r.short, Text: r.long},
			func(ctx context.Context, by api.Asker, in *struct {
				Sweep string `path:"sweep" maxLength:"256"`
				Body  SweepWord
			}) (sweepRuled, error) {
				return ruleSweep(ctx, d.Store, d.Temporal, r, in.Sweep, in.Body.Reason, by.Name)
			})
	}
}

// spec reads what was asked for, and refuses what makes no sense.
func (in SweepSpec) spec(d *desk.Desk) (sweep.Spec, error) {
	out := sweep.Spec{Name: in.Name, Connections: in.Connections, Cron: in.Cron, Mode: sweep.Mode(in.Mode), MaxPerRun: in.MaxPerRun, MaxPerHour: in.MaxPerHour}
	for _, length := range []struct {
		what, text string
		to         *time.Duration
	}{{"every", in.Every, &out.Every}, {"notice", in.Notice, &out.Notice}} {
		if length.text == "" {
			continue
		}
		var err error
		if *length.to, err = time.ParseDuration(length.text); err != nil {
			return out, desk.Invalidf("%s %q is no length of time", length.what, length.text).Then("such as 24h")
		}
	}
	for _, c := range in.Connections {
		known, err := knownHere(d.Connections)
		if err == nil {
			err = known(c)
		}
		if err != nil {
			return out, err
		}
	}
	var err error
	if in.Rule == string(sweep.Entitlements) {
		out.Rule, err = in.allowed(d)
	} else if out.Rule, err = sweep.ParseRule(in.Rule); err != nil {
		err = desk.Invalidf("the rule: %w", err)
	} else if out.Rule.Kind == sweep.Entitlements {
		err = desk.Invalidf("the rule names a file, which is not here").Then("say entitlements, and put the text of the file beside it")
	}
	if err != nil {
		return out, err
	}
	if err := out.Check(); err != nil {
		return out, desk.Invalidf("%w", err)
	}
	return out, nil
}

// allowed reads the entitlements of a rule.
func (in SweepSpec) allowed(d *desk.Desk) (sweep.Rule, error) {
	known, err := knownHere(d.Connections)
	if err != nil {
		return sweep.Rule{}, err
	}
	text := document(in.Entitlements)
	allowed, problems := readEntitlements(text, "entitlements", known)
	if len(problems) > 0 {
		return sweep.Rule{}, badFile("entitlements", problems)
	}
	return sweep.Rule{Kind: sweep.Entitlements, Source: "entitlements", SHA256: text.sum(), Allowed: allowed}, nil
}

// findingQuery asks for a page of findings.
type findingQuery struct {
	Sweep  string `path:"sweep" maxLength:"256"`
	Run    int    `query:"run" minimum:"0" doc:"The number of the run; none: the last."`
	Kind   string `query:"kind" enum:"left,unissued,beyond,unused,orphan,bloat,unknown"`
	State  string `query:"state" enum:"new,still,unseen,gone" doc:"None: new, still and unseen."`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
	Cursor string `query:"cursor" maxLength:"20" doc:"Where the page begins: next of the page before."`
}

// findingPage is a page of what a run found.
type findingPage struct {
	Sweep    string        `json:"sweep"`
	Rule     string        `json:"rule"`
	Run      sweepRun      `json:"run"`
	Findings []findingPart `json:"findings"`
	Next     string        `json:"next,omitempty"`
}

func (q findingQuery) page(ctx context.Context, s *store.Store) (findingPage, error) {
	of, err := sweepNamed(ctx, s, q.Sweep)
	if err != nil {
		return findingPage{}, err
	}
	run, err := runToShow(ctx, s, of, q.Run)
	if err != nil {
		return findingPage{}, err
	}
	f := store.FindingFilter{Sweep: of.ID, Run: run.No, State: sweep.State(q.State), What: sweep.What(q.Kind), Limit: q.Limit + 1}
	if q.Cursor != "" {
		if f.After, err = strconv.ParseInt(q.Cursor, 10, 64); err != nil {
			return findingPage{}, desk.Invalidf("the cursor is none: give next of the page before, or leave it out to begin")
		}
	}
	found, err := s.Findings(ctx, f)
	if err != nil {
		return findingPage{}, err
	}
	out := findingPage{Sweep: of.Name, Rule: of.Rule.String(), Run: runOf(run), Findings: []findingPart{}}
	if len(found) > q.Limit {
		found = found[:q.Limit]
		out.Next = strconv.FormatInt(found[q.Limit-1].ID, 10)
	}
	for _, one := range found {
		out.Findings = append(out.Findings, partOfFinding(one, run.No))
	}
	return out, nil
}

// noticeQuery asks for notices.
type noticeQuery struct {
	All bool `query:"all" doc:"Delivered ones too."`
}

// noticeRetry says whose notices are tried again.
type noticeRetry struct {
	Destination string `query:"destination" maxLength:"256" doc:"None: all."`
}

// outsideCalls adds the calls about who is told, and about the roster that is taken by
// itself.
func outsideCalls(s *api.Server, d *desk.Desk, vars config.Vars) {
	api.Add(s, api.Call{ID: "listNotices", Method: http.MethodGet, Path: "/v1/notices", Tag: "notices", Act: roles.Read, Command: "sever notices list",
		Summary: "List what is on its way to people outside, and what was given up"},
		func(ctx context.Context, _ api.Asker, in *noticeQuery) (noticeList, error) {
			settings, err := noticeSettings(vars)
			if err != nil {
				return noticeList{}, err
			}
			return noticesOf(ctx, d.Store, settings, in.All)
		})
	api.Add(s, api.Call{ID: "retryNotices", Method: http.MethodPost, Path: "/v1/notices/retry", Tag: "notices", Act: roles.Tell, Command: "sever notices retry",
		Summary: "Have what was given up tried again"},
		func(ctx context.Context, by api.Asker, in *noticeRetry) (retriedNotices, error) {
			return haveNoticesRetried(ctx, d.Store, in.Destination, by.Name)
		})
	api.Add(s, api.Call{ID: "rosterStatus", Method: http.MethodGet, Path: "/v1/roster/status", Tag: "people", Act: roles.Read, Command: "sever roster status",
		Summary: "When the roster is taken next, and what became of the last ones"},
		func(ctx context.Context, _ api.Asker, _ *struct{}) (rosterStatus, error) {
			return rosterStanding(ctx, d.Store, d.Temporal)
		})
}
