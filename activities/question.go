package activities

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/store"
)

// question is an account that may be the principal's and that nothing links to them. It
// is not looked at and not touched, and its case cannot close around it. Its record has
// no id of the system: it is the record of a name that somebody has to explain.
func question(ref access.Ref, engine, why string) store.CaseAccount {
	ref.ForeignID = ""
	return store.CaseAccount{Ref: ref, Evidence: access.ByRule, Engine: engine, SeenAt: time.Now(), Gaps: []access.Gap{{
		Object: "account " + ref.Name + "@" + ref.Host, Why: why,
		Remedy: fmt.Sprintf("say whose it is (sever identities import FILE); if it is not the principal's, waive %s", ref),
	}}}
}

// isQuestion reports whether a record never was about an account that was looked at.
func isQuestion(k store.CaseAccount) bool {
	return !k.Exists && k.ForeignID == "" && k.Resource != "" && k.Host != "" && k.Before.Name == ""
}

// sorted is what a case knows, sorted by what is to be done about it now.
type sorted struct {
	asked []store.CaseAccount // questions
	known []store.CaseAccount // to look at again
	// linked are questions of before that somebody has answered: the record becomes
	// that of the account, which has this id.
	linked map[int64]string
}

// sortOut finds the questions: accounts with the principal's name at another host that
// nobody claims, and those of before that are somebody else's now.
func sortOut(namesakes []access.Account, matches []plan.Match, listed []access.Account, known []store.CaseAccount) sorted {
	out := sorted{linked: map[int64]string{}}
	for _, n := range namesakes {
		out.asked = append(out.asked, question(n.Ref, n.Engine, "it is there, has the name of an account of the principal, and no identity says whose it is"))
	}
	for _, k := range known {
		at := slices.IndexFunc(listed, func(a access.Account) bool {
			return cmp.Or(cmp.Compare(a.Resource, k.Resource), cmp.Compare(a.Name, k.Name), cmp.Compare(a.Host, k.Host)) == 0
		})
		if !isQuestion(k) || at < 0 {
			out.known = append(out.known, k)
			continue
		}
		mine := slices.ContainsFunc(matches, func(m plan.Match) bool { return m.Name == k.Name && m.Host == k.Host })
		asked := slices.ContainsFunc(out.asked, func(a store.CaseAccount) bool { return a.Ref == k.Ref })
		switch {
		case mine:
			out.linked[k.ID] = listed[at].ForeignID
		case !asked:
			out.asked = append(out.asked, question(k.Ref, k.Engine, "an identity says that it is somebody else's now"))
		}
	}
	return out
}

// link notes whose the answered questions are, before the accounts are written.
func (s sorted) link(write func(id int64, foreignID string) error) error {
	for id, foreign := range s.linked {
		if err := write(id, foreign); err != nil {
			return err
		}
	}
	return nil
}
