package api

import (
	"context"
	"net/http"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/desk/paper"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/store"
)

// Done says that a task is done which no system can show.
type Done struct {
	Case   string `json:"case" minLength:"1" maxLength:"256"`
	Task   string `json:"task" minLength:"1" maxLength:"2000" doc:"Its key."`
	Reason string `json:"reason" minLength:"1" maxLength:"2000" doc:"What was done; kept in the trail."`
}

// Reply answers a question about a link: by its number, or by what it is about.
type Reply struct {
	Question   int64              `json:"question,omitempty" doc:"The number of a question; else the other three."`
	Principal  access.PrincipalID `json:"principal,omitempty" maxLength:"240"`
	Connection string             `json:"connection,omitempty" maxLength:"256"`
	Account    string             `json:"account,omitempty" maxLength:"256" doc:"The account, with @host where accounts have hosts."`
	Reason     string             `json:"reason,omitempty" maxLength:"2000" doc:"How you know; kept in the trail. A rejection needs one."`
}

// tasks adds what people have to do, and their answers.
func (s *Server) tasks() {
	records := s.Desk.Store
	register(s, call{id: "listTasks", method: http.MethodGet, path: "/v1/tasks", tag: "cases", act: roles.Read, command: "sever tasks",
		summary: "List what people have to do, over all cases"},
		func(ctx context.Context, in *struct {
			Page
			Owner string `query:"owner" doc:"Only those of this owner."`
			All   bool   `query:"all" doc:"Closed ones too."`
		}) (paper.TaskList, error) {
			list, err := paper.Tasks(ctx, records, store.TaskFilter{Owner: in.Owner, Closed: in.All}, time.Now())
			if err != nil {
				return list, err
			}
			list.Tasks, list.Next, err = cut(list.Tasks, in.Page, func(t paper.TaskLine) string { return t.Case + "/" + t.Key })
			return list, err
		})
	register(s, call{id: "finishTask", method: http.MethodPost, path: "/v1/tasks/done", tag: "decisions", act: roles.Finish, command: "sever tasks done",
		summary: "Say that a task is done which no system can show", text: "Other tasks close by themselves when the systems agree."},
		func(ctx context.Context, in *struct{ Body Done }) (desk.Finished, error) {
			by := requestOf(ctx).caller.Name
			done, err := s.Desk.Finish(ctx, desk.Finish{Case: in.Body.Case, Task: in.Body.Task, By: by, Why: in.Body.Reason})
			if err == nil && done.Principal != "" {
				_ = s.Desk.Nudge(ctx, done.Principal, by, done.Why()) // or it sees it when it looks the next time
			}
			return done, err
		})
	register(s, call{id: "listQuestions", method: http.MethodGet, path: "/v1/questions", tag: "people", act: roles.Read, command: "sever identities questions",
		summary: "List the links that are not certain and wait for a person's word"},
		func(ctx context.Context, in *struct {
			Page
			All bool `query:"all" doc:"Also those that were answered or withdrawn."`
		}) (paper.QuestionList, error) {
			list, err := paper.Questions(ctx, records, store.QuestionFilter{Open: !in.All})
			if err != nil {
				return list, err
			}
			list.Questions, list.Next, err = cut(list.Questions, in.Page, func(q paper.Question) string { return number(q.ID) })
			return list, err
		})
	for _, yes := range []bool{true, false} {
		c := call{id: "confirm", method: http.MethodPost, path: "/v1/identities/confirm", tag: "people", act: roles.Identify, command: "sever identities confirm",
			summary: "Say that an account is a principal's: the strongest evidence there is"}
		if !yes {
			c.id, c.path, c.command, c.summary = "reject", "/v1/identities/reject", "sever identities reject", "Say that an account is not a principal's; it is not asked again"
		}
		register(s, c, func(ctx context.Context, in *struct{ Body Reply }) (desk.Answered, error) {
			return s.reply(ctx, yes, in.Body)
		})
	}
}

// reply answers, and lets the case that waits go on at once.
func (s *Server) reply(ctx context.Context, yes bool, r Reply) (desk.Answered, error) {
	about := []string{string(r.Principal), r.Connection, r.Account}
	if r.Question != 0 {
		if r.Principal != "" || r.Connection != "" || r.Account != "" {
			return desk.Answered{}, desk.Invalidf("a question by its number says what it is about: leave out principal, connection and account")
		}
		about = []string{number(r.Question)}
	}
	out, err := s.Desk.Answer(ctx, desk.Reply{Yes: yes, By: requestOf(ctx).caller.Name, Why: r.Reason, About: about})
	if err == nil {
		out.Tell(func(who access.PrincipalID, by, why string) error { return s.Desk.Nudge(ctx, who, by, why) })
	}
	return out, err
}
